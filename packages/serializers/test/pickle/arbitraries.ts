import { Complex, DateTime, Decimal, Float, PlainDate, PlainTime, PythonSet, TimeDelta, Tuple, Uuid } from '@rb/core';
import fc from 'fast-check';

/** Values that Python has too, and reads back as what they were. */

/** Lone surrogates included. A pair of them is one character in JavaScript but two in Python: only that cannot be kept. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ maxLength: 300 }), fc.constant('\ud800'));

/** Python's years are 1 to 9999, on the wall of any zone: so a day and a bit less at both ends. */
const EARLIEST = -62_135_500_000_000;
const LATEST = 253_402_200_000_000;
const moment = fc.date({ min: new Date(EARLIEST), max: new Date(LATEST), noInvalidDate: true });
const offset = fc.integer({ min: -86_399, max: 86_399 });
/**
 * Zones change by whole seconds, and Python and JavaScript agree on these since 1970. Not in the hours after clocks were set
 * back, when the wall shows the same time again: which of the two it was, Python's own pickle forgets below protocol 4.
 */
const zoned = fc
  .record({
    epochMs: fc.integer({ min: 0, max: Date.UTC(2037, 0) }),
    zone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC', 'Australia/Lord_Howe'),
  })
  .filter(({ epochMs, zone }) => !wasSetBack(zone, epochMs))
  .map(({ epochMs, zone }) => new DateTime(epochMs, { zone, offsetSeconds: offsetOf(zone, epochMs) }));

/** Within the last three hours, more than any clock of these zones was set back. */
const wasSetBack = (zone: string, epochMs: number): boolean =>
  [1, 2, 3].some((hours) => offsetOf(zone, epochMs - hours * 3_600_000) > offsetOf(zone, epochMs));

/** Independent of the code under test: the wall clock's digits, counted as UTC. */
function offsetOf(timeZone: string, epochMs: number): number {
  const wall = new Date(epochMs).toLocaleString('sv-SE', { timeZone });
  return (Date.parse(`${wall.replace(' ', 'T')}Z`) - Math.floor(epochMs / 1_000) * 1_000) / 1_000;
}

const datetime = fc.oneof(
  moment,
  fc
    .record({
      epochMs: fc.integer({ min: EARLIEST, max: LATEST }),
      microseconds: fc.integer({ min: 0, max: 999 }),
      offsetSeconds: fc.option(offset),
    })
    .map(({ epochMs, ...rest }) => new DateTime(epochMs, rest)),
  zoned,
);

const two = (value: number): string => String(value).padStart(2, '0');
const time = fc
  .tuple(
    fc.nat(23),
    fc.nat(59),
    fc.nat(59),
    fc.option(fc.integer({ min: 1, max: 999_999 })),
    fc.constantFrom('', '+02:00', '-00:30', '+23:59:59'),
  )
  .map(([h, m, s, micros, zone]) => {
    const fraction = micros === null ? '' : `.${String(micros).padStart(6, '0')}`;
    return new PlainTime(`${two(h)}:${two(m)}:${two(s)}${fraction}${zone}`);
  });

const hashable = fc.oneof(
  text,
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.uuid().map((id) => new Uuid(id)),
  fc.uint8Array().map((bytes) => Uint8Array.from(bytes)),
  fc.array(fc.string()).map((items) => new Tuple(items)),
);

const leaf = fc.oneof(
  { arbitrary: text, weight: 3 },
  {
    arbitrary: fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.bigInt(),
      fc.bigInt({ min: -(2n ** 3000n), max: 2n ** 3000n }),
    ),
    weight: 3,
  },
  { arbitrary: fc.double(), weight: 2 },
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Uint8Array.from(bytes)),
  datetime,
  moment.map((day) => new PlainDate(day.toISOString().slice(0, 10))),
  time,
  fc
    .tuple(fc.integer({ min: -999_999_999, max: 999_999_999 }), fc.nat(86_399), fc.nat(999_999))
    .map((parts) => new TimeDelta(...parts)),
  // As Python's str() writes them.
  fc.tuple(fc.bigInt(), fc.nat(999)).map(([whole, rest]) => new Decimal(`${whole}.${String(rest).padStart(3, '0')}`)),
  fc.constantFrom('1E+3', 'NaN', '-Infinity', 'sNaN').map((special) => new Decimal(special)),
  fc.uuid().map((id) => new Uuid(id)),
  fc.tuple(fc.double(), fc.double()).map((parts) => new Complex(...parts)),
  fc.integer().map((whole) => new Float(whole)),
  // By text alone: 1, True and 1.0 are one key to Python.
  fc.uniqueArray(fc.string()).map((items) => new PythonSet(items)),
  fc.uniqueArray(fc.string()).map((items) => new PythonSet(items, true)),
);

export const pythonValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value')),
    fc.array(tie('value')).map((items) => new Tuple(items)),
    fc.dictionary(text, tie('value')),
    fc
      .uniqueArray(hashable, { selector: keyOf })
      .chain((keys) =>
        fc
          .array(tie('value'), { minLength: keys.length, maxLength: keys.length })
          .map((values) => new Map(keys.map((key, i) => [key, values[i]]))),
      ),
  ),
})).value;

/** Equal where Python's keys are. */
function keyOf(key: unknown): string {
  if (typeof key === 'boolean' || typeof key === 'number' || typeof key === 'bigint') return `n${BigInt(key)}`;
  if (key instanceof Uint8Array) return `b${key.join()}`;
  return key instanceof Tuple ? `t${JSON.stringify(key.items)}` : `${typeof key}${key}`;
}
