import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExact } from '../src/json-parse.js';
import { Float } from '../src/values.js';

const parse = (text: string, exactFloats = false): unknown =>
  parseExact(text, { maxDepth: 1_000, exactFloats, decoders: new Map() });

const attempt = (work: () => unknown): unknown => {
  try {
    return { value: work() };
  } catch {
    return 'refused';
  }
};

describe('the exact parser', () => {
  it('gives what JSON.parse gives for every text without typed values, spaces and escapes included', () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 0, max: 4 }), (text, indent) => {
        // Long integers are what JSON.parse gets wrong.
        fc.pre(!/\d{16}/.test(text));
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        expect(parse(spaced)).toEqual(JSON.parse(spaced));
      }),
    );
  });

  it('refuses what JSON.parse refuses, Python tokens aside', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '\\',
      '\\u00',
      '1',
      '-',
      '.',
      'e',
      '0',
      'true',
      'nul',
      ' ',
      '\n',
      '\t',
      '\u0001',
      '\u00a0',
      '\ufeff',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        expect(attempt(() => parse(text))).toEqual(attempt(() => JSON.parse(text)));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    '01',
    '1.',
    '.5',
    '+1',
    '- 1',
    '1e',
    '--1',
    '0x1',
    '-NaN',
    '+Infinity',
    'Infinit',
    'nan',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "'a'",
    '"a',
    '"\\x"',
    '"a\nb"',
    '["a\u0000"]',
    '[1 2]',
    '{"a" 1}',
    '1 1',
    '[',
    '',
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'RB_DECODE' }));
  });

  it('says where it stopped', () => {
    expect(() => parse('{"a": tru}')).toThrow('character 6');
  });

  it('reads NaN and both infinities wherever a value may stand', () => {
    expect(parse('[NaN, {"a": Infinity}, -Infinity]')).toEqual([
      Number.NaN,
      { a: Number.POSITIVE_INFINITY },
      Number.NEGATIVE_INFINITY,
    ]);
  });

  it('reads integers of any size exactly', () => {
    fc.assert(
      fc.property(fc.bigInt(), (integer) => {
        const safe = Number.isSafeInteger(Number(integer));
        expect(parse(`[${integer}]`)).toEqual([safe ? Number(integer) : integer]);
      }),
    );
  });

  it.each([
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['-9007199254740991', -9_007_199_254_740_991],
    ['-9007199254740993', -9_007_199_254_740_993n],
    ['9007199254740993.0', 9_007_199_254_740_992],
    ['1e400', Number.POSITIVE_INFINITY],
    ['-0.0', -0],
  ])('reads %s as %s', (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it('tells whole floats from integers on request', () => {
    expect(parse('[1, 1.0, 1e2, 1.5]', true)).toStrictEqual([1, new Float(1), new Float(100), 1.5]);
    expect(parse('[1.0]')).toEqual([1]);
  });

  it('refuses an integer that would take long to convert', () => {
    expect(() => parse('9'.repeat(100_001))).toThrow('more than 100000 digits');
    expect(parse('9'.repeat(100_000))).toBe(10n ** 100_000n - 1n);
  });

  it('keeps lone surrogates', () => {
    expect(parse('["\\ud800", "\\udc00\\ud800"]')).toEqual(['\ud800', '\udc00\ud800']);
  });

  it('takes the last of two equal keys, as JSON.parse and Python do', () => {
    expect(parse('{"a": 1, "a": 2}')).toEqual({ a: 2 });
  });

  it('makes __proto__ and constructor harmless keys', () => {
    const value = parse('{"__proto__": {"polluted": NaN}, "constructor": {"prototype": {"polluted": 1}}}') as object;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
