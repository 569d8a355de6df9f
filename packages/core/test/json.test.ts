import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameValue } from '../src/equal.js';
import {
  Complex,
  DateTime,
  Decimal,
  Float,
  isResultError,
  json,
  jsonSerializer,
  Opaque,
  PlainDate,
  PythonSet,
  RemoteError,
  ResultNode,
  TimeDelta,
  Tuple,
  Uuid,
} from '../src/index.js';
import { failure } from './failure.js';

/** The error's own words, and those of everything that hangs on it. */
function wordsOf(error: unknown): string {
  const seen: string[] = [];
  for (let link = error; link instanceof Error; link = link.cause) {
    seen.push(link.message, link.stack ?? '', JSON.stringify(Object.entries(link)));
  }
  return seen.join('\n');
}

const typed = fc.oneof(
  fc.bigInt().filter((value) => !Number.isSafeInteger(Number(value))),
  fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
  fc
    .tuple(
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: 1, max: 999 }),
      fc.option(fc.integer({ min: -86_399, max: 86_399 })),
    )
    .map(([ms, microseconds, offsetSeconds]) => new DateTime(ms, { microseconds, offsetSeconds })),
  fc
    .integer({ min: 0, max: 3e6 })
    .map((days) => new PlainDate(new Date(days * 86_400_000 - 6e13).toISOString().slice(0, 10))),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new Decimal(String(value))),
  fc.uuid().map((text) => new Uuid(text)),
  fc.uint8Array(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e16, 2 ** 53, 1e300),
);
const key = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', 'toJSON', 'length'));
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null), fc.double(), fc.integer(), typed),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
  ),
})).value;

describe('round trips', () => {
  it('give back every value that JSON can carry, as text and as bytes', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = json.encode(value) as string;
        expect(sameValue(json.decode(text), value)).toBe(true);
        expect(sameValue(json.decode(new TextEncoder().encode(text)), value)).toBe(true);
      }),
    );
  });

  it('write text that is written again as it was read', () => {
    const exact = jsonSerializer({ exactFloats: true });
    fc.assert(
      fc.property(values, (value) => {
        const text = exact.encode(value);
        expect(exact.encode(exact.decode(text))).toBe(text);
      }),
    );
  });

  it('give plain values the text of JSON.stringify', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // Long integers are what JSON.stringify gets wrong.
        fc.pre(!/\d{16}/.test(text));
        const value: unknown = JSON.parse(text);
        expect(json.encode(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('read the same whether the exact parser is needed or not', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = json.encode(value);
        const [exact] = json.decode(`[${text}, NaN]`) as unknown[];
        expect(sameValue(json.decode(text), exact)).toBe(true);
      }),
    );
  });
});

describe('numbers', () => {
  it.each([
    [1, '1'],
    [-1.5, '-1.5'],
    [new Float(1), '1.0'],
    [new Float(1.5), '1.5'],
    [new Float(-0), '-0.0'],
    [new Float(Number.NaN), 'NaN'],
    [-0, '-0.0'],
    [1e16, '1e+16'],
    [2 ** 53, '9007199254740992.0'],
    [-1e300, '-1e+300'],
    [5e-324, '5e-324'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [2n ** 70n, '1180591620717411303424'],
    [5n, '5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('are written as Python reads them: %s as %s', (value, text) => {
    expect(json.encode(value)).toBe(text);
    expect(json.encode({ a: [value] })).toBe(`{"a":[${text}]}`);
  });

  it('refuse an integer that could not be read again', () => {
    expect(failure(() => json.encode(10n ** 100_000n))).toMatchObject({ code: 'RB_ENCODE' });
  });
});

describe('other values of JavaScript and Python', () => {
  it.each([
    ['a Tuple', new Tuple([1, new Tuple([])]), '[1,[]]'],
    ['a RemoteError', new RemoteError('E', 'm', [1]), '{"exc_type":"E","exc_message":[1],"exc_module":"m"}'],
    ['a ResultNode', new ResultNode('a', new ResultNode('p'), []), '[["a",[["p",null],null]],[]]'],
    [
      'a Map with the keys that Python allows',
      new Map<unknown, unknown>([
        ['s', 1],
        [1, 2],
        [1.5, 3],
        [true, 4],
        [null, 5],
        [2n ** 64n, 6],
        [new Float(2), 7],
      ]),
      '{"s":1,"1":2,"1.5":3,"true":4,"null":5,"18446744073709551616":6,"2.0":7}',
    ],
    ['an object without prototype', Object.assign(Object.create(null), { a: -0 }), '{"a":-0.0}'],
    [
      'an object of another realm',
      runInNewContext('({ a: [-0], d: new Date(0) })'),
      '{"a":[-0.0],"d":{"__type__":"datetime","__value__":"1970-01-01T00:00:00+00:00"}}',
    ],
    ['toJSON, with its key', { k: { toJSON: (name: string) => ({ name, n: 1n }) } }, '{"k":{"name":"k","n":1}}'],
    ['a URL', { at: new URL('https://example.com/') }, '{"at":"https://example.com/"}'],
    ['undefined properties', { a: undefined, b: 1, c: { toJSON: () => undefined } }, '{"b":1}'],
    ['a repeated value that contains no cycle', ((shared) => [shared, shared])({ n: 1n }), '[{"n":1},{"n":1}]'],
    ['a lone surrogate', '\ud800', '"\\ud800"'],
  ])('%s', (_name, value, text) => {
    expect(json.encode(value)).toBe(text);
  });

  it('are not changed by writing', () => {
    const value = Object.freeze({ list: Object.freeze([new Date(0), 1n]), map: new Map([[1, 2]]) });
    const copy = structuredClone(value);
    json.encode(value);
    expect(value).toStrictEqual(copy);
  });

  class Point {
    x = 1;
  }
  const cycle: Record<string, unknown> = { n: 1 };
  cycle.self = { again: [cycle] };

  it.each([
    ['undefined', undefined, 'undefined (at $)'],
    ['undefined in an array', { a: [1, undefined] }, 'undefined in an array (at $.a[1])'],
    ['a hole in an array', Array(1), 'undefined in an array (at $[0])'],
    ['a function', { a: { b: () => 1 } }, 'a function (at $.a.b)'],
    ['a symbol', [Symbol('x')], 'a symbol (at $[0])'],
    ['a Set', { 'odd key': new Set([1]) }, 'a value of type Set (at $["odd key"])'],
    ['a WeakMap', new WeakMap(), 'a value of type WeakMap (at $)'],
    ['a PythonSet', [new PythonSet([1])], 'a value of type PythonSet (at $[0])'],
    ['a TimeDelta', new TimeDelta(1), 'a value of type TimeDelta (at $)'],
    ['a Complex', new Complex(1, 2), 'a value of type Complex (at $)'],
    ['an Opaque', new Opaque('m', 'C', []), 'a value of type Opaque (at $)'],
    ['a class instance', { p: new Point() }, 'a value of type Point (at $.p)'],
    ['an Error', new TypeError('secret'), 'a value of type TypeError (at $)'],
    ['another typed array', new Float64Array(1), 'a value of type Float64Array (at $)'],
    ['a cycle', cycle, 'a value that contains itself (at $.self.again[0])'],
    ['an invalid Date', { d: new Date(Number.NaN) }, 'a Date outside of the years 1 to 9999 (at $.d)'],
    ['a Date after Python time', new Date(8e15), 'a Date outside of the years 1 to 9999 (at $)'],
    ['an object as a Map key', new Map([[{}, 1]]), 'a Map key of type Object (at $)'],
    ['undefined as a Map key', new Map([[undefined, 1]]), 'a Map key of type undefined (at $)'],
    [
      'two Map keys of one text',
      {
        m: new Map<unknown, unknown>([
          [1, 'a'],
          ['1', 'b'],
        ]),
      },
      'two keys of a Map that become the same text (at $.m)',
    ],
  ])('are refused by path and type: %s', (_name, value, message) => {
    expect(failure(() => json.encode(value))).toMatchObject({
      code: 'RB_ENCODE',
      message: `json cannot carry ${message}`,
    });
  });

  it('are refused by a path that does not grow with the value', () => {
    const { message } = failure(() =>
      json.encode({
        ['k'.repeat(1_000)]: JSON.parse('['.repeat(500) + ']'.repeat(500), (_key, value) =>
          value.length === 0 ? [Symbol('x')] : value,
        ),
      }),
    );
    expect(message.length).toBeLessThan(250);
  });
});

describe('errors', () => {
  const secret = 'hunter2';
  const thrower = {
    get bad(): never {
      throw new RangeError(secret);
    },
    when: new Date(0),
  };

  it.each([
    ['a broken text', () => json.decode(`{"password": "${secret}", oops}`)],
    ['a broken escape', () => json.decode(`["${secret}\\q"]`)],
    ['broken UTF-8', () => json.decode(Buffer.from(`"${secret}\xff"`, 'latin1'))],
    ['a value of a refused type', () => json.encode([secret, new Set([secret])])],
    [
      'a toJSON that throws',
      () =>
        json.encode({
          toJSON: () => {
            throw new Error(secret);
          },
        }),
    ],
    ['a getter that throws', () => json.encode(thrower)],
  ])('never hold the payload: %s', (_name, work) => {
    let caught: unknown;
    try {
      work();
    } catch (error) {
      caught = error;
    }
    expect(isResultError(caught)).toBe(true);
    expect(wordsOf(caught)).not.toContain(secret);
  });

  it.each([
    ['nothing', ''],
    ['no bytes', new Uint8Array()],
    ['a byte order mark', '\ufeff1'],
    ['a byte order mark in bytes', Uint8Array.of(0xef, 0xbb, 0xbf, 0x31)],
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0x80, 0x22)],
    ['a pickle', Uint8Array.of(0x80, 0x04, 0x4b, 0x01, 0x2e)],
    ['two documents', '{} {}'],
  ])('refuse %s as RB_DECODE', (_name, data) => {
    expect(failure(() => json.decode(data)).code).toBe('RB_DECODE');
  });
});

describe('prototype keys', () => {
  it.each([
    '{"__proto__": {"polluted": true}}',
    '{"__proto__": {"polluted": true}, "n": NaN}',
    '{"constructor": {"prototype": {"polluted": true}}}',
  ])('are harmless own properties: %s', (text) => {
    const value = json.decode(text) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(value.polluted).toBeUndefined();
    expect(json.encode(value)).toBe(text.replaceAll(' ', ''));
  });
});

it('names itself as kombu does', () => {
  expect(json).toMatchObject({ name: 'json', contentType: 'application/json', contentEncoding: 'utf-8' });
});
