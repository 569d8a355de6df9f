import { describe, expect, it } from 'vitest';
import { dualHarness, type Harness, runConformance } from '../src/index.js';
import { REFERENCES } from '../src/reference/index.js';

const reference = (name: string): Harness => {
  const harness = REFERENCES[name];
  if (harness === undefined) throw new Error(`there is no reference store ${name}`);
  return harness;
};

// What two equal stores hide: capabilities, kept meta, sizes and turns of the event loop that differ.
describe.each([
  ['memory', 'bare', undefined],
  ['bare', 'memory', undefined],
  ['wire', 'memory', ['DUA', 'STO', 'STA']],
  ['memory', 'wire', ['DUA', 'STO', 'STA']],
])('a pair of %s and %s', { timeout: 60_000 }, (first, second, only) => {
  it('passes every clause it can', async () => {
    const { dual } = reference('dual');
    const [primary, secondary] = [reference(first), reference(second)];
    if (dual === undefined) throw new Error('the reference makes no pairs');
    const harness = dualHarness({ name: `${first} and ${second}`, dual, primary, secondary });
    const { clauses, counts } = await runConformance(harness, { only, seed: 5 });
    expect(clauses.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([]);
    expect(counts.pass).toBeGreaterThan(30);
  });
});
