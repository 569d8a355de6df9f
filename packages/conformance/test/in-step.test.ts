import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { inStep } from '../src/in-step.js';

afterEach(() => vi.restoreAllMocks());

it('causes no warning where the process is held up between two looks at the clock', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  let now = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => (now += 9));
  expect(await inStep(['a', 'b', 'c'], async (item) => item)).toEqual(['a', 'b', 'c']);
  await setImmediate();
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
