import { DateTime, Decimal, Float, PlainDate, PlainTime, PythonSet, TimeDelta, Tuple, Uuid } from '@rb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalText, partsOf } from '../src/cbor/decimal.js';
import { cbor, cborSerializer } from '../src/cbor/index.js';

const exact = cborSerializer({ exactFloats: true });
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const hexOf = (value: unknown): string => Buffer.from(cbor.encode(value)).toString('hex');

const moment = fc.integer({ min: Date.UTC(2, 0), max: Date.UTC(9_999, 0) });
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n }),
    fc.bigInt({ max: -(2n ** 53n) }),
    fc.double(),
    fc.integer().map((whole) => new Float(whole)),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
    moment.map((epochMs) => new Date(epochMs)),
    moment.map((epochMs) => new DateTime(epochMs, { microseconds: 7, offsetSeconds: 5_400 })),
    moment.map((epochMs) => new PlainDate(new Date(epochMs).toISOString().slice(0, 10))),
    fc.uuid().map((id) => new Uuid(id)),
    fc.tuple(fc.bigInt(), fc.integer({ min: -50, max: 50 })).map((parts) => new Decimal(decimalText(...parts))),
    fc.array(tie('any'), { maxLength: 30 }),
    fc.array(tie('any'), { maxLength: 5 }).map((items) => new PythonSet(items)),
    fc.dictionary(fc.string(), tie('any'), { maxKeys: 30, noNullPrototype: true }),
    fc
      .uniqueArray(fc.tuple(fc.integer(), tie('any')), { selector: ([key]) => key, minLength: 1 })
      .map((all) => new Map(all)),
  ),
})).any;

describe('any value', () => {
  it('reads back as what was written', () => {
    fc.assert(fc.property(value, (any) => void expect(exact.decode(exact.encode(any))).toEqual(any)));
  });

  it('of bytes is read or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          cbor.decode(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'RB_DECODE' });
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('forms', () => {
  // From RFC 8949, appendix A, but for floats, which Python writes in eight bytes.
  it.each([
    [0, '00'],
    [24, '1818'],
    [1_000_000, '1a000f4240'],
    [2n ** 64n - 1n, '1bffffffffffffffff'],
    [2n ** 64n, 'c249010000000000000000'],
    [-(2n ** 64n), '3bffffffffffffffff'],
    [-(2n ** 64n) - 1n, 'c349010000000000000000'],
    [-1_000, '3903e7'],
    [1.1, 'fb3ff199999999999a'],
    [new Uint8Array([1, 2]), '420102'],
    ['ü', '62c3bc'],
    [new Tuple([1, [2, 3]]), '8201820203'],
    [{ a: 1, b: undefined }, 'a1616101'],
    [new Map([[1, 2]]), 'a10102'],
    [new Decimal('273.15'), 'c48221196ab3'],
    [new PythonSet([1]), 'd901028101'],
    [new PlainDate('2024-02-29'), 'd903ec6a323032342d30322d3239'],
  ])('writes %o', (any, expected) => {
    expect(hexOf(any)).toBe(expected);
    expect(hexOf(cbor.decode(hex(expected)))).toBe(expected);
  });

  it.each([
    ['f9 3e00', 1.5],
    ['f9 0001', 2 ** -24],
    ['f9 fc00', Number.NEGATIVE_INFINITY],
    ['fa 3fc00000', 1.5],
    ['f7', null],
    ['9f 01 82 02 03 9f 04 ff ff', [1, [2, 3], [4]]],
    ['bf 61 61 01 ff', { a: 1 }],
    ['7f 61 c3 61 bc ff', 'ü'],
    ['5f 41 01 41 02 ff', new Uint8Array([1, 2])],
    ['c1 1a 514b67b0', new Date(1_363_896_240_000)],
    ['c1 fb 41d452d9ec200000', new Date(1_363_896_240_500)],
    ['c0 74 323031332d30332d32315432303a30343a30305a', new Date(1_363_896_240_000)],
    ['d9d9f7 01', 1],
    ['a1 69 5f5f70726f746f5f5f 01', JSON.parse('{"__proto__": 1}')],
  ])('reads %s, which others write', (bytes, expected) => {
    expect(cbor.decode(hex(bytes))).toStrictEqual(expected);
  });

  it.each(['9.99', '0', '0.00', '-0.001', '1E+3', '1.23E-9', '123456789012345678901234567890.5', '1E-7', '0E+2'])(
    'keeps the decimal %s as Python writes it',
    (text) => {
      const { digits, exponent } = partsOf(text) ?? { digits: -1n, exponent: -1 };
      expect(decimalText(digits, exponent)).toBe(text);
    },
  );
});

it.each([
  [new PlainTime('12:00:00'), 'a Python time'],
  [new TimeDelta(1, 0, 0), 'a Python timedelta'],
  [new DateTime(0, { microseconds: 0, offsetSeconds: null }), 'a naive datetime'],
  [new Date(Number.NaN), 'a date outside'],
  [new Decimal('NaN'), 'a decimal that is no number'],
  ['\ud800', 'half a surrogate pair'],
  [new Map([[[1], 1]]), 'a Map key'],
  [Symbol('s'), 'symbol'],
])('refuses %o', (any, message) => {
  expect(() => cbor.encode([any])).toThrow(
    expect.objectContaining({ code: 'RB_ENCODE', message: expect.stringContaining(message) }),
  );
});

it.each([
  ['a list of 2^64', '9bffffffffffffffff'],
  ['a map of 2^53', 'bb0020000000000000'],
  ['text of 2^64', '7bffffffffffffffff'],
  ['bytes of 2^32', '5affffffff'],
  ['10,000 lists inside each other', '81'.repeat(10_000)],
  ['10,000 lists without a length', '9f'.repeat(10_000)],
  ['10,000 tags', 'c1'.repeat(10_000)],
  ['a shared value', 'd81c81d81d00'],
  ['a break alone', 'ff'],
  ['a break in a map', 'bf01ff'],
  ['a piece of another kind', '7f4101ff'],
  ['pieces of pieces', '7f7f6161ffff'],
  ['a reserved length', '1c'],
  ['text that is not UTF-8', '61ff'],
  ['a list as key', 'a18001'],
  ['a UUID of three bytes', 'd82543010203'],
  ['a date that is none', 'd903ec6161'],
  ['a decimal of text', 'c4826161 01'.replace(' ', '')],
  ['an integer of a million bytes', `c25a000f4240${'ff'.repeat(1_000_000)}`],
  ['something after the value', '0000'],
  ['nothing', ''],
])('%s: refused with RB_DECODE', (_, bytes) => {
  expect(() => cbor.decode(hex(bytes))).toThrow(expect.objectContaining({ code: 'RB_DECODE' }));
});
