import {
  DateTime,
  Decimal,
  Float,
  PlainDate,
  PlainTime,
  PythonSet,
  RemoteError,
  TimeDelta,
  Tuple,
  Uuid,
} from '@rb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { yaml, yamlSerializer } from '../src/yaml/index.js';
import { documents } from './documents.js';

const exact = yamlSerializer({ exactFloats: true });

const LATEST = Date.UTC(9_999, 11, 30);
const moment = fc.integer({ min: Date.UTC(1, 1), max: LATEST });
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme' }),
  // Those that look like something else, or end a line.
  fc.stringMatching(/^[-+.:0-9eExXoOyYnN~=<>!&*#?|%@`'" \t\n,[\]{}]{0,6}$/),
  fc.constantFrom(
    'yes',
    'No',
    'on',
    'null',
    '~',
    '1_000',
    '0x1F',
    '1:30',
    '2020-01-02',
    '<<',
    '=',
    '---',
    '...',
    '1e3',
    'y',
  ),
  fc.stringMatching(/^[a-z]{1,4}([ -][a-z]{1,4}){0,3}$/),
  fc.string({ minLength: 1_100, maxLength: 1_200 }),
);
const float = fc.oneof(
  fc.double(),
  fc.integer().map((whole) => new Float(whole)),
  fc.constantFrom(-0, Number.NaN, Number.NEGATIVE_INFINITY, 1e21, 1e22, 5e-324),
);
const date = fc.oneof(
  moment.map((epochMs) => new Date(epochMs)),
  moment.map((epochMs) => new DateTime(epochMs, { microseconds: 7, offsetSeconds: null })),
  moment.map((epochMs) => new DateTime(epochMs, { microseconds: 0, offsetSeconds: -5_400 })),
  moment.map((epochMs) => new PlainDate(new Date(epochMs).toISOString().slice(0, 10))),
);
const scalar = fc.oneof(
  text,
  float,
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n }),
  date,
  fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
  fc.uniqueArray(text).map((items) => new PythonSet(items)),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(text, tie('any'), { maxKeys: 5, noNullPrototype: true }),
    fc
      .uniqueArray(
        fc.tuple(
          fc.oneof(
            fc.integer(),
            fc.boolean(),
            date.filter((day) => day instanceof Date),
          ),
          tie('any'),
        ),
        {
          selector: ([key]) => String(key),
          minLength: 1,
          maxLength: 4,
        },
      )
      .map((entries) => new Map(entries)),
  ),
})).any;

describe('any value', () => {
  it('reads back as what was written', () => {
    fc.assert(
      fc.property(value, (any) => void expect(exact.decode(exact.encode(any))).toEqual(any)),
      { numRuns: 500 },
    );
  });

  it('of text is read or refused, never anything else', () => {
    const parts = fc.constantFrom(
      ...['- ', '? ', ': ', '\n', '  ', '&a ', '*a', '!!set ', '!!binary ', '!!int ', '!!python/object:os ', '[', ']'],
      ...[
        '{',
        '}',
        ',',
        '"',
        "'",
        '|',
        '>',
        '#',
        '<<: ',
        '0x',
        '1:2',
        '.inf',
        '2020-01-02',
        '---\n',
        '%YAML 9\n',
        'a',
        '\t',
      ],
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), (tokens) => {
        try {
          yaml.decode(tokens.join(''));
        } catch (error) {
          expect(error).toMatchObject({ code: 'RB_DECODE' });
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('what Celery stored', () => {
  const stored = documents('yaml');

  it('is read, and written again so that it reads the same', () => {
    expect(stored.length).toBeGreaterThan(350);
    for (const [name, bytes] of stored) {
      const read = exact.decode(bytes);
      expect(exact.decode(exact.encode(read)), name).toEqual(read);
    }
  });
});

describe('what PyYAML takes a scalar for', () => {
  it.each([
    ['yes', true],
    ['Off', false],
    ['y', 'y'],
    ['oN', 'oN'],
    ['~', null],
    ['!!null ""', null],
    ['010', 8],
    ['0o10', '0o10'],
    ['089', '089'],
    ['0x1F', 31],
    ['-0b11', -3],
    ['1_000', 1_000],
    ['1:30', 90],
    ['-1:30:01', -5_401],
    ['9007199254740993', 9007199254740993n],
    ['1e3', '1e3'],
    ['1.0e+3', 1_000],
    ['1.5e3', '1.5e3'],
    ['1:30.5', 90.5],
    ['.inf', Number.POSITIVE_INFINITY],
    ['-.INF', Number.NEGATIVE_INFINITY],
    ['.nan', Number.NaN],
    ['.5', 0.5],
    ['685_230.15', 685_230.15],
    ['2024-02-29', new PlainDate('2024-02-29')],
    ['2024-2-9 1:02:03', DateTime.fromIso('2024-02-09T01:02:03')],
    ['2024-02-29T12:34:56.7890121Z', DateTime.fromIso('2024-02-29T12:34:56.789012+00:00')],
    ['2024-02-29 12:34:56 -1:30', DateTime.fromIso('2024-02-29T12:34:56-01:30')],
    ['!!binary "aGk="', new Uint8Array([104, 105])],
    ['!!set {a, b}', new PythonSet(['a', 'b'])],
    [
      '!!omap [a: 1, b: 2]',
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    ['!!str 12', '12'],
    ['!!int "12"', 12],
    ['{a: 1, a: 2}', { a: 2 }],
    ['{x: &a {b: 1, c: 2}, y: {<<: *a, c: 3}}', { x: { b: 1, c: 2 }, y: { b: 1, c: 3 } }],
    [
      '{1: a, null: b}',
      new Map<unknown, unknown>([
        [1, 'a'],
        [null, 'b'],
      ]),
    ],
    ['{__proto__: {a: 1}, constructor: 2}', JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}')],
    ['"\\x85\\u2028\\ud800"', '\x85\u2028\ud800'],
  ])('%s', (source, expected) => {
    expect(yaml.decode(source)).toStrictEqual(expected);
    expect(yaml.decode(Buffer.from(`key: ${source}\n`))).toStrictEqual({ key: expected });
  });
});

describe('what is written', () => {
  it('looks like this', () => {
    const written = yaml.encode({
      status: 'SUCCESS',
      result: { list: [1, [2.5, [], {}], { a: null, b: [true] }], when: new Date(0), tags: new Set(['x', 3]) },
      traceback: 'Traceback (most recent call last):\n',
      error: new RemoteError('E', 'm', [new Tuple([1])]),
      'a key: with more': new Uint8Array([0]),
    });
    expect(written).toBe(
      [
        'status: SUCCESS',
        'result:',
        '  list:',
        '    - 1',
        '    - - 2.5',
        '      - []',
        '      - {}',
        '    - a: null',
        '      b:',
        '        - true',
        '  when: 1970-01-01 00:00:00+00:00',
        '  tags: !!set',
        '    ? x',
        '    ? 3',
        'traceback: "Traceback (most recent call last):\\x0a"',
        'error:',
        '  exc_type: E',
        '  exc_message:',
        '    - - 1',
        '  exc_module: m',
        '"a key: with more": !!binary "AA=="',
        '',
      ].join('\n'),
    );
  });

  it.each([
    [new Decimal('1'), 'a Python decimal'],
    [new Uuid('0'.repeat(32)), 'a Python uuid'],
    [new PlainTime('12:00:00'), 'a Python time'],
    [new TimeDelta(1, 0, 0), 'a Python timedelta'],
    [new PythonSet([], true), 'a Python set'],
    [new PythonSet([[1]]), 'a set of what Python has no hash of'],
    [new Date(Number.NaN), 'a date outside'],
    [new DateTime(0, { microseconds: 0, offsetSeconds: 1 }), 'seconds in its offset'],
    [10n ** 4_300n, 'more than 4300 digits'],
    [new Map([[[1], 1]]), 'a Map key'],
    [Symbol('s'), 'symbol'],
  ])('%o is refused', (any, message) => {
    expect(() => yaml.encode([any])).toThrow(
      expect.objectContaining({ code: 'RB_ENCODE', message: expect.stringContaining(message) }),
    );
  });
});

describe('hostile text', () => {
  const level = (name: string, of: string): string => `${name}: &${name} [${Array(9).fill(`*${of}`).join()}]`;
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...[...'bcdefghi'].map((name, i) => level(name, 'abcdefghi'[i] ?? ''))];
  const large = 2 ** 20;

  it.each([
    ['an alias bomb', bomb.join('\n'), /with its aliases it holds too many values/],
    ['aliases of one long text', `a: &a "${'x'.repeat(large)}"\nb: [${Array(70).fill('*a').join()}]`, /it is too long/],
    [
      'aliases that nest',
      `- &a0 []\n${Array.from({ length: 600 }, (_, i) => `- &a${i + 1} [*a${i}]`).join('\n')}`,
      /nested too deep/,
    ],
    ['a list that holds itself', '&a [*a]', /safe loader/],
    ['a map that holds itself', '&a {b: *a}', /safe loader/],
    ['10,000 lists inside each other', '['.repeat(10_000) + ']'.repeat(10_000), /safe loader/],
    ['10,000 dashes', `${'- '.repeat(10_000)}a`, /safe loader/],
    ['10,000 question marks', '? '.repeat(10_000), /safe loader/],
    [
      'merges of merges',
      `a: &a {${Array.from({ length: 2_000 }, (_, i) => `k${i}: 1`).join()}}\n${Array.from({ length: 50 }, (_, i) => `b${i}: {<<: [*a, *a, *a]}`).join('\n')}`,
      /safe loader/,
    ],
    ['an integer of a million digits', '9'.repeat(1_000_000), /safe loader/],
    ['a number in base 60 of a million digits', `1${':1'.repeat(500_000)}`, /safe loader/],
    ['more values than maxItems', `[${'a,'.repeat(2_100_000)}]`, /too many values/],
    ["one of Python's classes", '!!python/object/apply:os.system ["ls"]', /in line 1$/],
    ['an unknown tag', 'a: 1\nb: !secret x', /in line 2$/],
    ['two documents', '--- a\n--- b', /safe loader/],
    ['nothing', '', /safe loader/],
    ['an unknown alias', '*secret', /safe loader/],
    ['a list as key', '{[1]: 2}', /safe loader/],
    ['an impossible date', '2024-02-31', /safe loader/],
  ])('%s: refused in bounded time', (_, source, message) => {
    const refused = (): unknown => yaml.decode(source);
    expect(refused).toThrow(expect.objectContaining({ code: 'RB_DECODE', message: expect.stringMatching(message) }));
    expect(refused).not.toThrow(/secret/);
  });

  it('bytes that are not UTF-8, and more than maxBytes', () => {
    expect(() => yaml.decode(new Uint8Array([0xff]))).toThrow(/not UTF-8/);
    expect(() => yamlSerializer({ maxBytes: 10 }).decode('x'.repeat(11))).toThrow(/maxBytes is 10/);
    for (const long of ['x'.repeat(11), '悪'.repeat(4), new Set(['x'.repeat(11)])]) {
      expect(() => yamlSerializer({ maxBytes: 10 }).encode(long)).toThrow(/maxBytes is 10/);
    }
  });
});
