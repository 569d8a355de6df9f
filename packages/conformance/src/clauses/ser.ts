import { DateTime, Decimal, PlainDate, PlainTime, Uuid } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { keptOf, roundTrip } from './round-trip.js';
import { SER_LIMITS } from './ser-limits.js';
import { SER_STORED } from './ser-stored.js';

const PLAIN_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  '',
  ' a \n\t\r b ',
  'null',
  '123',
  "'; DROP TABLE celery_taskmeta; --",
  '"\\u0041\\"',
  'Grüße ✓ 😀 👩‍👩‍👧',
  // Composed and decomposed: normalising would make one of the other.
  ['\u00e9', 'e\u0301'],
  '\ufeffmark',
  'line\u2028paragraph\u2029',
  'a\u0000b',
  '\u0000',
  [],
  {},
  [[]],
  [[], [[1, [2, [3]]]], null],
  { a: { b: { c: [{ d: null }] } } },
  { '': 1, 'with.dots': 2, $set: 3, 'a b': 4, '😀': 5, '1': 6 },
];

const NUMBERS = [
  1,
  -1,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  0.1,
  -1.5,
  1 / 3,
  2 ** 53,
  1e21,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  Number.EPSILON,
  -0,
];

/** What JavaScript has a word for, and what Python has one for. */
const TYPED_VALUES: readonly unknown[] = [
  2n ** 53n + 1n,
  -(2n ** 64n),
  2n ** 100n,
  new Date(0),
  new Date(Date.UTC(2024, 1, 29, 12, 34, 56, 789)),
  new DateTime(Date.UTC(2024, 1, 29, 12, 34, 56, 789), { microseconds: 12, offsetSeconds: null }),
  new DateTime(Date.UTC(2024, 1, 29, 12, 34, 56), { offsetSeconds: 19_800 }),
  new Uint8Array([]),
  new Uint8Array([104, 105]),
  new Uint8Array([0, 0xff, 0xfe, 0x80]),
  new Decimal('1234567890.12345678901234567890'),
  new Decimal('1E+3'),
  new Uuid('12345678-1234-4678-9234-567812345678'),
  new PlainDate('2024-02-29'),
  new PlainTime('12:34:56.000789'),
  { nested: [new Date(1), { deep: new Decimal('9.99') }] },
];

/** As a parser makes them: own properties, which no literal can say. */
const HOSTILE_KEYS =
  '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}, "toString": 1}';

/** Serialisation and limits. */
export const SER: readonly Clause[] = [
  {
    id: 'SER-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "null, booleans, 0, '', nested arrays and objects, emoji, U+2028 and U+0000 round-trip.",
    hint: 'Store text as bytes or escaped JSON where the server refuses U+0000 (PostgreSQL text, jsonb) or characters beyond the BMP (MySQL utf8).',
    source: 'JSON; PostgreSQL text and jsonb cannot hold U+0000',
    run: (t) => carries(t, PLAIN_VALUES),
  },
  {
    id: 'SER-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Integers up to ±(2^53 − 1) and doubles round-trip exactly; NaN and infinities do, or are refused with RB_ENCODE; none is read as something else.',
    hint: 'JSON.stringify makes null of NaN and 0 of -0; drivers make text or bigint of large integers.',
    source: "Python's json writes NaN, Infinity and -0.0, and Celery's readers read them",
    async run(t) {
      await carries(t, NUMBERS);
      await carriesOrRefuses(t, [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, [Number.NaN]]);
    },
  },
  {
    id: 'SER-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A value that the serializer cannot carry is refused with RB_ENCODE, naming the task, and what was stored before stays.',
    hint: 'Encode before anything is sent, and let nothing become "[object Object]", null or {} on the way.',
    source: 'kombu utils/json.py raises EncodeError; JSON.stringify leaves functions and symbols out',
    async run(t) {
      for (const [what, result] of [
        ['a function', () => 1],
        ['a symbol', Symbol('s')],
        ['a function inside', { list: [1, () => 1] }],
      ] as const) {
        const taskId = await t.put(t.writer, { state: 'STARTED', result: 'before' });
        const outcome = await t.putOne(t.writer, { taskId, result });
        if (!('refused' in outcome)) return t.fail(`a result that is or holds ${what} was accepted`);
        t.same(outcome.refused.code, 'RB_ENCODE', `code of the refusal of ${what}`);
        t.same(outcome.refused.taskId, taskId, "the refusal's taskId");
        const left = await t.read(t.reader, taskId);
        t.same([left?.state, left?.result], ['STARTED', 'before'], 'state and result that remain');
        const unknown = t.id();
        await t.putOne(t.writer, { taskId: unknown, result });
        t.same(await t.get(t.reader, [unknown]), [undefined], 'what is stored under an id that was refused');
      }
    },
  },
  ...SER_STORED,
  ...SER_LIMITS,
  {
    id: 'SER-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Keys `__proto__` and `constructor` round-trip as data and pollute nothing.',
    hint: 'Never assign keys of stored data to an object: Object.fromEntries, defineProperty or a Map.',
    source: 'CWE-1321, prototype pollution',
    async run(t) {
      const result: unknown = JSON.parse(HOSTILE_KEYS);
      const meta = { kwargs: JSON.parse(HOSTILE_KEYS), ...JSON.parse('{"__proto__": {"polluted": true}}') };
      const [found] = await roundTrip(t, [{ result, meta }]);
      t.same(found?.result, result, 'the result');
      t.same(found?.meta, keptOf(t, meta), 'meta');
      t.same(({} as { polluted?: unknown }).polluted, undefined, 'the property "polluted" of any object');
    },
  },
  {
    id: 'SER-10',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Integers beyond 2^53, Date, Uint8Array, Decimal, UUID, date and time round-trip as themselves, in results and in arguments.',
    hint: 'Use the serializer given, `json` of @rb/core by default, for arguments too; JSON.stringify turns a Date into text for good.',
    source: 'kombu utils/json.py registers these types',
    async run(t) {
      await carries(t, TYPED_VALUES);
      const meta = { args: TYPED_VALUES, kwargs: { values: TYPED_VALUES } };
      const [found] = await roundTrip(t, [{ meta }]);
      t.same(found?.meta, keptOf(t, meta), 'meta');
    },
  },
  {
    id: 'SER-12',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Half a surrogate pair round-trips or is refused with RB_ENCODE; it never becomes another character.',
    hint: 'UTF-8 encoders replace it by U+FFFD silently; escape it, as JSON can, or refuse it.',
    source: "Python's json writes and reads \\ud800",
    run: (t) => carriesOrRefuses(t, ['\ud800', 'a\udfffb', { '\ud83d': 1 }, { key: ['\ude00\ud83d'] }]),
  },
];

async function carries(t: ClauseContext, values: readonly unknown[]): Promise<void> {
  const found = await roundTrip(
    t,
    values.map((result) => ({ result })),
  );
  for (const [i, value] of values.entries()) {
    const record = found[i] ?? t.fail('a result that was stored cannot be read');
    t.same(record.result, value, 'a result');
  }
}

async function carriesOrRefuses(t: ClauseContext, values: readonly unknown[]): Promise<void> {
  for (const result of values) {
    const taskId = t.id();
    const outcome = await t.putOne(t.writer, { taskId, result });
    if ('refused' in outcome) {
      t.same(outcome.refused.code, 'RB_ENCODE', 'code of the refusal');
      t.same(await t.get(t.reader, [taskId]), [undefined], 'what is stored under an id that was refused');
    } else {
      t.same((await t.read(t.reader, taskId))?.result, result, 'a result that was accepted');
    }
  }
}
