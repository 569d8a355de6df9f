import { expect, it } from 'vitest';
import { backoff } from '../src/index.js';

it('waits ever longer after each failure, up to a second, and not at all before the first', () => {
  const pauses = backoff();
  expect([pauses.failures, pauses.leftMs()]).toEqual([0, 0]);
  for (const most of [50, 100, 200, 400, 800, 1_000, 1_000]) {
    pauses.failed();
    // However slowly this runs, none is longer; and no two are likely to be the same.
    expect(pauses.leftMs()).toBeLessThanOrEqual(most);
  }
  expect(pauses.failures).toBe(7);
  expect(pauses.leftMs()).toBeGreaterThan(0);
  pauses.succeeded();
  expect(pauses.failures).toBe(0);
});
