import { describe, expect, it } from 'vitest';
import { roughBytes } from '../src/size.js';

const row = (i: number): object => ({
  id: i,
  name: `row ${i}`,
  text: 'x'.repeat(1_000),
  tags: ['a', 'b'],
  at: { y: 1, z: null },
});

const VALUES: readonly [string, unknown][] = [
  ['text', 'x'.repeat(10_000)],
  ['a flat list of numbers', Array.from({ length: 100_000 }, (_, i) => i * 7_919)],
  ['a flat list of texts', Array.from({ length: 5_000 }, (_, i) => `some text, number ${i}`)],
  ['2,000 rows', Array.from({ length: 2_000 }, (_, i) => row(i))],
  ['2,000 rows by key', Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`key-${i}`, row(i)]))],
  [
    'a tree',
    Array.from({ length: 10 }, () => Array.from({ length: 10 }, () => Array.from({ length: 10 }, (_, i) => row(i)))),
  ],
  [
    'one large text among many keys',
    { ...Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, i])), text: 'x'.repeat(1e6) },
  ],
];

describe('roughBytes', () => {
  it.each(VALUES)('is within a factor of two of the encoded size: %s', (_name, value) => {
    const exact = JSON.stringify(value).length;
    expect(roughBytes(value)).toBeGreaterThan(exact / 2);
    expect(roughBytes(value)).toBeLessThan(exact * 2);
  });

  it('counts byte arrays by their length', () => {
    expect(roughBytes({ data: new Uint8Array(5_000) })).toBeGreaterThan(5_000);
  });

  it('ends for a cycle, and for deep nesting', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle, cycle);
    expect(roughBytes(cycle)).toBeGreaterThan(0);
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i += 1) deep = [deep];
    expect(roughBytes(deep)).toBeGreaterThan(0);
  });

  it('looks at a bounded number of nested values', () => {
    let looks = 0;
    const node = (depth: number): object =>
      new Proxy(
        Array.from({ length: 30 }, () => (depth > 0 ? node(depth - 1) : 1)),
        {
          get(target, key, receiver) {
            if (key === 'length') looks += 1;
            return Reflect.get(target, key, receiver);
          },
        },
      );
    roughBytes(node(3));
    expect(looks).toBeLessThan(200_000);
  });
});
