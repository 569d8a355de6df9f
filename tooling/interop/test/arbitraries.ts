import { DateTime, Decimal, Float, PlainDate, PlainTime, PythonSet, TimeDelta, Tuple, Uuid } from '@rb/core';
import fc, { type Arbitrary } from 'fast-check';

/** Any str: also control characters, astral ones and lone surrogates. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
);

/** Keys of one type: to Python `1`, `1.0` and `True` are one key, and so are `1` and `"1"` once they are JSON. */
const intKey = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: 2n ** 53n }));

const int = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 2_000n), max: 2n ** 2_000n }),
);
const float = fc.oneof(
  fc.double(),
  fc.integer().map((value) => new Float(value)),
  // Among all doubles these hardly ever come up.
  fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, 1e16, 1e21, 5e-324),
);

// One day inside Python's years 1 to 9999, so that no offset leads out of them.
const wallClock = fc.integer({ min: Date.parse('0001-01-02T00:00Z'), max: Date.parse('9999-12-30T00:00Z') });
const microseconds = fc.oneof(fc.constant(0), fc.nat({ max: 999 }));
const offsetSeconds = fc.oneof(fc.constant(0), fc.integer({ min: -86_399, max: 86_399 }));

const datetime = fc
  .tuple(wallClock, microseconds, fc.option(offsetSeconds))
  .map(([epochMs, micros, offset]) => new DateTime(epochMs, { microseconds: micros, offsetSeconds: offset }));
const instant = wallClock.map((epochMs) => new Date(epochMs));
const date = wallClock.map((epochMs) => new PlainDate(new Date(epochMs).toISOString().slice(0, 10)));
const time = fc
  .tuple(datetime, fc.boolean())
  .map(([value, seconds]) => new PlainTime(value.toIsoFormat().slice(11, seconds ? 19 : undefined)));

const decimal = fc.oneof(
  fc.tuple(fc.bigInt(), fc.nat({ max: 9_999 })).map(([whole, fraction]) => new Decimal(`${whole}.${fraction}`)),
  fc.constantFrom('NaN', '-Infinity', '1E+3', '-0.00', '1E-7').map((value) => new Decimal(value)),
);
const uuid = fc.uuid().map((value) => new Uuid(value));
const timedelta = fc
  .tuple(fc.integer({ min: -999_999_999, max: 999_999_999 }), fc.nat({ max: 86_399 }), fc.nat({ max: 999_999 }))
  .map(([days, seconds, micros]) => new TimeDelta(days, seconds, micros));
const bytes = fc.uint8Array().map((value) => new Uint8Array(value));

const plain = [fc.constant(null), fc.boolean(), int, float, text];
const typed = [datetime, instant, date, time, decimal, uuid];

/** Every length as likely as any other: by default nearly all containers are empty. */
const SIZES = { maxLength: 5, size: 'max' } as const;

const mapOf = (key: Arbitrary<unknown>, value: Arbitrary<unknown>): Arbitrary<Map<unknown, unknown>> =>
  fc
    .uniqueArray(fc.tuple(key, value), { ...SIZES, selector: ([each]) => String(each) })
    .map((entries) => new Map(entries));

/** What both Celery's JSON can carry: nested lists, tuples and dicts of scalars and of the types that kombu 5.2 turns into text. */
export const jsonValue: Arbitrary<unknown> = nested(fc.oneof(...plain, ...typed));

/** What kombu 5.3 and later can carry besides. */
export const jsonValueWithBytes: Arbitrary<unknown> = nested(fc.oneof(...plain, ...typed, bytes));

/** What pickle can carry: everything that has a tag. */
export const pickleValue: Arbitrary<unknown> = nested(
  fc.oneof(...plain, ...typed, bytes, timedelta, setOf(fc.maxSafeInteger()), setOf(fc.oneof(text, date, uuid))),
);

/** A str that has a UTF-8 form. */
const wellFormed = text.filter((value) => !/\p{Surrogate}/u.test(value));
const int64 = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }));

/** What kombu's msgpack can carry and read again. */
export const msgpackValue: Arbitrary<unknown> = nested(
  fc.oneof(fc.constant(null), fc.boolean(), int64, float, wellFormed, bytes),
  { key: wellFormed },
);

/** What cbor2 can carry: all that is aware of its zone, and by whole minutes. */
const aware = fc
  .tuple(wallClock, microseconds, fc.integer({ min: -1_439, max: 1_439 }))
  .map(([epochMs, micros, offset]) => new DateTime(epochMs, { microseconds: micros, offsetSeconds: offset * 60 }));
const finite = fc.tuple(fc.bigInt(), fc.nat({ max: 9_999 })).map(([whole, part]) => new Decimal(`${whole}.${part}`));
export const cborValue: Arbitrary<unknown> = nested(
  fc.oneof(
    ...[fc.constant(null), fc.boolean(), int, float, wellFormed, bytes, aware, instant, date, uuid, finite],
    setOf(wellFormed, false),
  ),
  { key: wellFormed, otherKey: intKey },
);

/** PyYAML says no seconds of an offset. */
const minutes = fc.option(fc.integer({ min: -1_439, max: 1_439 }).map((offset) => offset * 60));
const yamlDatetime = fc
  .tuple(wallClock, microseconds, minutes)
  .map(([epochMs, micros, offset]) => new DateTime(epochMs, { microseconds: micros, offsetSeconds: offset }));
/** Also what looks like something else to one YAML or another. */
const yamlText = fc.oneof(
  text,
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
);

/** What kombu's yaml can carry. */
export const yamlValue: Arbitrary<unknown> = nested(
  fc.oneof(
    ...plain,
    yamlText,
    yamlDatetime,
    instant,
    date,
    bytes,
    setOf(yamlText, false),
    setOf(fc.maxSafeInteger(), false),
  ),
  { key: yamlText, otherKey: intKey },
);

function setOf(hashable: Arbitrary<unknown>, frozen?: false): Arbitrary<PythonSet> {
  return fc
    .tuple(fc.array(hashable), frozen === undefined ? fc.boolean() : fc.constant(frozen))
    .map(([items, isFrozen]) => new PythonSet(items, isFrozen));
}

/** `otherKey`: of dicts whose keys are no text; undefined where the format has none. */
function nested(
  scalar: Arbitrary<unknown>,
  { key, otherKey }: { readonly key: Arbitrary<string>; readonly otherKey?: Arbitrary<unknown> } = {
    key: text,
    otherKey: intKey,
  },
): Arbitrary<unknown> {
  const { value } = fc.letrec<{ value: unknown }>((tie) => {
    const inner = tie('value');
    const items = fc.array(inner, SIZES);
    return {
      value: fc.oneof(
        { maxDepth: 4 },
        { arbitrary: scalar, weight: 6 },
        items,
        items.map((list) => new Tuple(list)),
        fc.dictionary(key, inner, { maxKeys: 5, size: 'max', noNullPrototype: true }),
        ...(otherKey === undefined ? [] : [mapOf(otherKey, inner)]),
      ),
    };
  });
  return value;
}
