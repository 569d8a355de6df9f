import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pace } from '../src/pace.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** By the clock of the test. */
async function lengthOf(rest: Promise<void>): Promise<number> {
  const start = performance.now();
  let ends = false;
  void rest.then(() => {
    ends = true;
  });
  while (!ends) await vi.advanceTimersByTimeAsync(1);
  return performance.now() - start;
}

it('looks less often while nothing happens, up to a bound, and as often as before when something does', async () => {
  const rhythm = pace(100, 500);
  const rests: number[] = [];
  for (let i = 0; i < 6; i++) {
    rests.push(await lengthOf(rhythm.rest()));
    rhythm.looked(0);
  }
  expect(rests).toEqual([100, 100, 150, 225, 337, 500]);
  rhythm.hurry();
  rhythm.looked(0);
  expect(await lengthOf(rhythm.rest())).toBe(100);
});

it('cuts a long rest short where somebody begins to watch or writes', async () => {
  const rhythm = pace(10, 1_000);
  for (let i = 0; i < 20; i++) rhythm.looked(0);
  const rest = lengthOf(rhythm.rest());
  await vi.advanceTimersByTimeAsync(30);
  rhythm.hurry();
  expect(await rest).toBeLessThan(60);
});

it('rests after failures, for twice as long each time, whoever is in a hurry', async () => {
  const rhythm = pace(100, 500);
  const rests: number[] = [];
  for (let i = 0; i < 5; i++) {
    rhythm.failed();
    const rest = lengthOf(rhythm.rest());
    rhythm.hurry();
    rests.push(await rest);
  }
  expect(rests).toEqual([200, 400, 800, 1_000, 1_000]);
  expect(rhythm.failures).toBe(5);
  rhythm.looked(0);
  expect(rhythm.failures).toBe(0);
});

it('rests as long as a look took', async () => {
  const rhythm = pace(10, 10);
  rhythm.looked(400);
  expect(await lengthOf(rhythm.rest())).toBe(400);
});
