import { readFileSync } from 'node:fs';
import {
  Complex,
  DateTime,
  Decimal,
  Opaque,
  PlainDate,
  PlainTime,
  PythonSet,
  RemoteError,
  TimeDelta,
  Tuple,
  Uuid,
} from '@rb/core';
import { describe, expect, it } from 'vitest';
import { isPickle, pickle, pickleSerializer } from '../../src/pickle/index.js';
import { tagged } from './tagged.js';

/** By name and protocol, base64: made by fixtures/make.py. */
const FIXTURES: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(new URL('fixtures/python.json', import.meta.url), 'utf8'),
);

const text = new TextEncoder();
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utc = (...parts: [number, number, ...number[]]): number => Date.UTC(...parts);
const at = (epochMs: number, offsetSeconds: number, zone: string | null = null): DateTime =>
  new DateTime(epochMs, { offsetSeconds, zone });
const name = (module: string, name: string): Opaque => new Opaque(module, name, [], undefined, { form: 'name' });
const made = (module: string, name: string, state?: unknown, options = {}): Opaque =>
  new Opaque(module, name, [], state, { form: 'new', ...options });
const all256 = Uint8Array.from({ length: 512 }, (_, i) => i % 256);

const year1 = new Date(0);
year1.setUTCFullYear(1, 0, 1);

/** Protocols below 4 cannot say `fold`: Python itself drops it. */
const berlin = (protocol: number): DateTime[] => {
  const fold = protocol >= 4;
  return [
    at(utc(2024, 6, 1, 10), 7_200, 'Europe/Berlin'),
    at(utc(2024, 9, 27, 0, 30), 7_200, 'Europe/Berlin'),
    fold ? at(utc(2024, 9, 27, 1, 30), 3_600, 'Europe/Berlin') : at(utc(2024, 9, 27, 0, 30), 7_200, 'Europe/Berlin'),
    at(utc(2024, 2, 31, 1, 30), 3_600, 'Europe/Berlin'),
    fold ? at(utc(2024, 2, 31, 0, 30), 7_200, 'Europe/Berlin') : at(utc(2024, 2, 31, 1, 30), 3_600, 'Europe/Berlin'),
    at(utc(2024, 0, 1), 0, 'UTC'),
    at(utc(1850, 0, 1, 4, 56, 2), -17_762, 'America/New_York'),
  ];
};

const EXPECTED: Record<string, unknown | ((protocol: number) => unknown)> = {
  none: null,
  booleans: [true, false],
  integers: [
    ...[0, -1, 255, 256, 65_535, 65_536, 2 ** 31 - 1, -(2 ** 31), Number.MAX_SAFE_INTEGER],
    ...[2n ** 53n, -(2n ** 53n), 2n ** 63n, -(2n ** 63n), 2n ** 70n, -(2n ** 2100n)],
  ],
  floats: [0.5, 1, -0, 1e300, 5e-324, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
  text: [
    ...['', 'plain', 'Grüße ✓ 😀', '\ud800', 'quote \' " back\\slash', 'line\nnext\r\ttab\x00\x1a', '\ufeffbom'],
    ...['x'.repeat(300), 'ü'.repeat(300)],
  ],
  bytes: [bytes(), text.encode('hello'), bytes(0, 255, 254, 128), all256],
  bytearrays: [bytes(), bytes(0, 255)],
  lists: [[], [1], [[1, [2, []]], {}]],
  long_list: Array.from({ length: 2500 }, (_, i) => i),
  tuples: [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [new Tuple([1, 2]), [3, new Tuple([4])]]].map(
    (items) => new Tuple(items),
  ),
  dicts: [{}, { a: 1 }, { a: { b: [1, { c: null }] }, d: 'e' }],
  odd_keys: new Map<unknown, unknown>([
    ['s', 1],
    [true, 2],
    [null, 3],
    [4.5, 4],
    [new Tuple([1, 2]), 5],
    [text.encode('b'), 6],
  ]),
  proto_key: JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
  long_dict: Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`k${i}`, i])),
  sets: [new PythonSet([]), new PythonSet([3]), new PythonSet([], true), new PythonSet([4], true)],
  shared: [{ k: 'v' }, { k: 'v' }, 'repeat-me', 'repeat-me'],
  naive: new DateTime(utc(2024, 1, 29, 12, 34, 56, 789), { microseconds: 12, offsetSeconds: null }),
  aware: [
    new Date(utc(2024, 1, 29, 12, 34, 56)),
    at(utc(2024, 1, 29, 7, 4, 56), 19_800),
    at(utc(2024, 1, 29, 15, 34, 56), -10_800),
    year1,
    new DateTime(utc(9999, 11, 31, 23, 59, 59, 999), { microseconds: 999 }),
  ],
  zoneinfo: berlin,
  zoneinfo_no_cache: at(utc(2024, 6, 1, 6, 30), 19_800, 'Asia/Kolkata'),
  pytz: [
    new Date(utc(2024, 6, 1, 12)),
    at(utc(2024, 6, 1, 10), 7_200),
    at(utc(2024, 6, 1, 17), -18_000),
    at(utc(2024, 6, 1, 6, 30), 19_800),
  ],
  dateutil: [new Date(utc(2024, 6, 1, 12)), at(utc(2024, 6, 1, 6, 30), 19_800)],
  foreign_tzinfo: new Opaque('datetime', 'datetime', [
    bytes(7, 232, 7, 1, 12, 0, 0, 0, 0, 0),
    made('dateutil.tz.tz', 'tzlocal', {
      _std_offset: new TimeDelta(0),
      _dst_offset: new TimeDelta(0),
      _dst_saved: new TimeDelta(0),
      _hasdst: false,
      _tznames: new Tuple(['UTC', 'UTC']),
    }),
  ]),
  dates: [new PlainDate('2024-02-29'), new PlainDate('0001-01-01')],
  times: ['12:34:56', '12:34:56.000789', '01:02:03+02:00', '01:02:00'].map((iso) => new PlainTime(iso)),
  timedeltas: [new TimeDelta(1, 2, 3), new TimeDelta(-1, 86_399, 999_999), new TimeDelta(0)],
  decimals: ['1234567890.123456789', 'NaN', '-Infinity', '1E+3'].map((value) => new Decimal(value)),
  uuids: [new Uuid('12345678123446789234567812345678'), new Uuid('0'.repeat(32))],
  uuid_key: new Map([[new Uuid('1'.padStart(32, '0')), 'one']]),
  complex: new Complex(1, -2.5),
  ordered: { b: 1, a: 2 },
  defaultdict: { a: [1] },
  counter: { a: 2, b: 1 },
  deque: [1, 2],
  builtin_errors: (protocol: number) => [
    new RemoteError('ValueError', 'builtins', ['böom']),
    new RemoteError('ValueError', 'builtins', []),
    new RemoteError('KeyError', 'builtins', ['missing']),
    // Python 2 had no subclasses of OSError, so the protocols that it knows do not name them.
    new RemoteError(protocol < 3 ? 'OSError' : 'FileNotFoundError', 'builtins', [2, 'No such file']),
    new RemoteError('KeyboardInterrupt', 'builtins', []),
    new RemoteError('StopIteration', 'builtins', [1]),
    new RemoteError('UnicodeDecodeError', 'builtins', ['utf-8', bytes(0xff), 0, 1, 'invalid start byte']),
  ],
  own_errors: [
    new RemoteError('PaymentError', 'shop.payment', ['declined', 402]),
    new RemoteError('PaymentError', 'shop.payment', []),
    new RemoteError('Declined', 'shop.exceptions', ['x']),
  ],
  plain_named_error: new Opaque('shop.payment', 'Boom', ['b']),
  object: made('shop.models', 'Point', { x: 1 }),
  object_with_slots: made('shop.models', 'Slotted', new Tuple([null, { a: 1, b: 'two' }])),
  dict_subclass: (protocol: number) =>
    protocol >= 2
      ? made('shop.models', 'Bag', { note: 'n' }, { entries: [['a', 1]] })
      : reconstructed('Bag', 'dict', { a: 1 }, { note: 'n' }),
  list_subclass: (protocol: number) =>
    protocol >= 2
      ? made('shop.models', 'Row', undefined, { items: [1, 2] })
      : reconstructed('Row', 'list', [1, 2], undefined),
  enum: new Opaque('shop.models', 'Color', [1]),
  keyed: (protocol: number) => {
    if (protocol < 2) return made('shop.models', 'Keyed', { key: 'k' });
    if (protocol > 3) return made('shop.models', 'Keyed', { key: 'k' }, { kwargs: { key: 'k' } });
    const cls = name('shop.models', 'Keyed');
    const maker = new Opaque('builtins', 'getattr', [cls, '__new__']);
    const bound = new Tuple([maker, new Tuple([cls]), { key: 'k' }, null]);
    return new Opaque('operator', 'call', [new Opaque('functools', 'partial', [maker], bound)], { key: 'k' });
  },
  class: name('shop.models', 'Point'),
  function: name('copy', 'copy'),
};

/** As protocols 0 and 1 make an object of a subclass. */
function reconstructed(cls: string, base: string, content: unknown, state: unknown): Opaque {
  const args = [name('shop.models', cls), name('builtins', base), content];
  return new Opaque('copyreg', '_reconstructor', args, state);
}

const cases = Object.entries(FIXTURES).flatMap(([title, protocols]) =>
  Object.entries(protocols).map(([protocol, data]) => [title, Number(protocol), Buffer.from(data, 'base64')] as const),
);

describe('what Python 2 pickled', () => {
  // pickle.dumps there, of a str and of a unicode, in protocols 0 to 2.
  it.each([
    ['ASCII is text', "S'plain'\n.", 'plain'],
    ['its escapes are read', `S'a\\x41\\\\\\'\\n\\t"'\n.`, 'aA\\\'\n\t"'],
    ['with double quotes too', 'S"it\'s"\n.', "it's"],
    ['bytes stay bytes', "S'\\xff\\x00'\n.", bytes(0xff, 0)],
    ['binary ASCII is text', 'U\x05plain.', 'plain'],
    ['long binary ASCII is text', `T\x05\0\0\0plain.`, 'plain'],
    ['binary bytes stay bytes', 'U\x01\xff.', bytes(0xff)],
    ['unicode in Latin-1', 'V\xfc\n.', 'ü'],
    ['unicode beyond', 'V\\u2713\\U0001f600\n.', '✓😀'],
    ['an escaped backslash starts no escape', 'V\\\\u2713\n.', '\\\\u2713'],
    ['a date of bytes in a str', 'cdatetime\ndate\n(U\x04\x07\xe8\x02\x1dtR.', new PlainDate('2024-02-29')],
    ['a date of ASCII in a str', 'cdatetime\ndate\n(U\x04\x07\x01\x02\x1ctR.', new PlainDate('1793-02-28')],
    ['booleans', '(lI01\naI00\na.', [true, false]],
    ['an exception', "cexceptions\nValueError\n(S'x'\ntR.", new RemoteError('ValueError', 'builtins', ['x'])],
    ['ordered pairs', 'ccollections\nOrderedDict\n((l(lp1\nU\x01aaI1\naatR.', { a: 1 }],
    ['memo from 1, as cPickle counts', '(lp1\ng1\n0.', []],
  ])('%s', (_title, data, expected) => {
    expect(tagged(pickle.decode(Buffer.from(data, 'latin1')))).toEqual(tagged(expected));
  });
});

describe('what Python pickles', () => {
  it.each(cases)('%s, protocol %i, is read as what it was', (title, protocol, data) => {
    expect(EXPECTED).toHaveProperty(title);
    const expected = EXPECTED[title];
    expect(tagged(pickle.decode(data))).toEqual(tagged(typeof expected === 'function' ? expected(protocol) : expected));
  });

  it.each(cases)('%s, protocol %i, is told from text', (_title, _protocol, data) => {
    expect(isPickle(data)).toBe(true);
  });

  it.each(cases)('%s, protocol %i, is the same when written and read again', (_title, _protocol, data) => {
    const exact = pickleSerializer({ exactFloats: true, writeOpaque: true });
    const value = exact.decode(data);
    const again = exact.decode(exact.encode(value));
    // Exceptions are written as Celery describes them: as a dict.
    if (!JSON.stringify(tagged(value)).includes('$error')) expect(tagged(again)).toEqual(tagged(value));
  });

  it('keeps shared objects shared', () => {
    const [first, second] = pickle.decode(Buffer.from(FIXTURES.shared?.['4'] ?? '', 'base64')) as unknown[];
    expect(first).toBe(second);
  });

  it('makes a key __proto__ an own property and pollutes nothing', () => {
    const value = pickle.decode(Buffer.from(FIXTURES.proto_key?.['4'] ?? '', 'base64')) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.hasOwn(value, '__proto__')).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('reads whole floats as Float where they are to stay floats', () => {
    const data = Buffer.from(FIXTURES.floats?.['4'] ?? '', 'base64');
    const exact = pickleSerializer({ exactFloats: true });
    expect(exact.decode(exact.encode(exact.decode(data)))).toEqual(exact.decode(data));
    expect(JSON.stringify(exact.decode(data))).toBe('[0.5,1,0,1e+300,5e-324,null,null,null]');
    expect(tagged((exact.decode(data) as unknown[])[1])).toEqual({ $float: '3ff0000000000000' });
  });

  it('takes a plain Uint8Array, and keeps no view of it', () => {
    const source = Uint8Array.from(pickle.encode(bytes(1, 2, 3)) as Uint8Array);
    const value = pickle.decode(source);
    source.fill(0);
    expect(value).toEqual(bytes(1, 2, 3));
  });

  it('does not keep the bytes of a Buffer either', () => {
    const source = Buffer.from(pickle.encode(bytes(1, 2, 3)) as Uint8Array);
    const value = pickle.decode(source);
    source.fill(0);
    expect(value).toEqual(bytes(1, 2, 3));
    expect(Buffer.isBuffer(value)).toBe(false);
  });
});
