import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

// A process of its own on the built package: nothing of the test runner is measured, and every warning counts.
const run = async (store: string): Promise<Record<string, number>> => {
  const script = fileURLToPath(new URL('wait-scale.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--expose-gc', script, store]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
};

describe('100,000 concurrent waits', () => {
  it('with push all resolve, without a warning, at 2 KiB or less each, in one subscription', async () => {
    const { resolved, bytesPerWait, timers, subscriptions } = await run('push');
    expect({ resolved, subscriptions }).toEqual({ resolved: 100_000, subscriptions: 1 });
    expect(bytesPerWait).toBeLessThanOrEqual(2_048);
    // The poll of all, and the deadline of all.
    expect(timers).toBe(2);
  }, 60_000);

  it('by polling all resolve too', async () => {
    const { resolved, bytesPerWait, timers } = await run('poll');
    expect(resolved).toBe(100_000);
    expect(bytesPerWait).toBeLessThanOrEqual(2_048);
    // The poll of all, and the deadline of all.
    expect(timers).toBe(2);
  }, 60_000);

  it('for one and the same task all resolve', async () => {
    expect(await run('same')).toMatchObject({ resolved: 100_000 });
  }, 60_000);
});
