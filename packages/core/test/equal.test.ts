import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameValue } from '../src/equal.js';
import { Decimal, Float, PythonSet, Tuple, Uuid } from '../src/index.js';

const ID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

const VALUES: (() => unknown)[] = [
  () => null,
  () => undefined,
  () => 0,
  () => '',
  () => Number.NaN,
  () => 1n,
  () => [],
  () => ({}),
  () => [1, [2, { a: 3 }]],
  () => [1, [2, { a: 4 }]],
  () => ({ a: undefined }),
  () => ({ b: undefined }),
  () => new Date(0),
  () => new Date(1),
  () => new Date(Number.NaN),
  () => new Uint8Array([1, 2]),
  () => new Uint8Array([1, 3]),
  () => new Uint8Array([1]),
  () => new Map([['a', 1]]),
  () => new Map([['a', 2]]),
  () => new Set(['a']),
  () => new Decimal('1.0'),
  () => new Decimal('1.00'),
  () => new Uuid(ID),
  () => new Tuple([1]),
  () => new PythonSet([1]),
  () => new PythonSet([1], true),
  () => new Float(1),
  () => Object.create(null),
];

describe('sameValue', () => {
  it('holds for a value made twice, and for no two different ones', () => {
    VALUES.forEach((make, i) => {
      VALUES.forEach((other, j) => {
        expect(sameValue(make(), other()), `${i} and ${j}`).toBe(i === j);
      });
    });
  });

  it('holds for any JSON value and its copy', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(sameValue(value, structuredClone(value))).toBe(true);
        expect(sameValue({ value }, { value, more: 1 })).toBe(false);
      }),
    );
  });
});
