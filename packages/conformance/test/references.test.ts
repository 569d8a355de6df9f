import { describe, expect, it } from 'vitest';
import { runConformance } from '../src/index.js';
import { REFERENCES } from '../src/reference/index.js';

/** Real sockets, outages and random histories; on a busy machine. */
const TIMEOUT_MS = 120_000;

/** Where time is real, one order has to do: others run in the mutation check, and by hand. */
const ORDERS: Readonly<Record<string, readonly number[]>> = { wire: [1], owner: [1] };

describe.each(Object.entries(REFERENCES))('the reference store %s', { timeout: TIMEOUT_MS }, (name, harness) => {
  it.each(ORDERS[name] ?? [1, 2, 3])('passes every clause it can, in the order of seed %i', async (seed) => {
    const { clauses } = await runConformance(harness, { seed });
    expect(clauses.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([]);
  });
});
