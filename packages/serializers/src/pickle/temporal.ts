import { DateTime, PlainDate, PlainTime, TimeDelta } from '@rb/core';
import type { Resolver } from './resolve.js';
import type { Target } from './target.js';
import { encodeLatin1 } from './text.js';
import { type Zone, zoneOf } from './tzinfo.js';
import { offsetAtWall } from './zones.js';

/**
 * The classes of Python's datetime module. Their state is a few bytes, numbers of more than one byte big-endian; the top
 * bit of the month (datetime) or of the hour (time) is `fold`. Source: CPython Lib/_pydatetime.py `__setstate`.
 */

/** undefined: of a time zone that is unknown, so that its instant cannot be told. */
export function datetime({ args }: Target, resolver: Resolver): Date | undefined {
  const state = stateOf(args[0], 10, resolver);
  const zone = args.length > 1 ? zoneOf(args[1], resolver) : NAIVE;
  if (state === undefined || zone === undefined) return undefined;
  const month = state[2] ?? 0;
  state[2] = month & 0x7f;
  return at(zone, dateOf(state), state.subarray(4), month > 0x7f);
}

export function date({ args }: Target, resolver: Resolver): PlainDate | undefined {
  const state = stateOf(args[0], 4, resolver);
  return state && new PlainDate(dateOf(state));
}

/** undefined where its time zone has no offset of its own, but only on a date. */
export function time({ args }: Target, resolver: Resolver): PlainTime | undefined {
  const state = stateOf(args[0], 6, resolver);
  const zone = args.length > 1 ? zoneOf(args[1], resolver) : NAIVE;
  if (state === undefined || zone === undefined || 'iana' in zone) return undefined;
  state[0] = (state[0] ?? 0) & 0x7f;
  // Any day will do: only what follows its `T` is used.
  const moment = at(zone, '2000-01-01', state, false);
  return moment && new PlainTime(isoOf(moment).slice('2000-01-01T'.length));
}

export function timedelta({ args }: Target): TimeDelta | undefined {
  const [days, seconds, microseconds] = args;
  if (typeof days !== 'number' || typeof seconds !== 'number' || typeof microseconds !== 'number') return undefined;
  return new TimeDelta(days, seconds, microseconds);
}

const NAIVE: Zone = { offsetSeconds: null };

/** Errors: TypeError where there is no such day or time. */
function at(zone: Zone, day: string, clock: Uint8Array, fold: boolean): Date | undefined {
  const [hour, minute, second, high = 0, middle = 0, low = 0] = clock;
  const micros = (high << 16) | (middle << 8) | low;
  if (micros > 999_999) throw new TypeError('expected less than a million microseconds');
  const wallMs = DateTime.fromIso(`${day}T${pad(hour)}:${pad(minute)}:${pad(second)}.${pad(micros, 6)}`).getTime();
  const offsetSeconds = 'iana' in zone ? offsetAtWall(zone.iana, wallMs, fold) : zone.offsetSeconds;
  if (offsetSeconds === undefined) return undefined;
  if (Math.abs(offsetSeconds ?? 0) >= 86_400) throw new TypeError('expected an offset of less than a day');
  const epochMs = wallMs - Math.round((offsetSeconds ?? 0) * 1_000);
  return DateTime.fromParts(
    { epochMs, microseconds: micros % 1_000, offsetSeconds },
    'iana' in zone ? zone.iana : null,
  );
}

const dateOf = ([high = 0, low = 0, month, day]: Uint8Array): string =>
  `${pad(high * 256 + low, 4)}-${pad(month)}-${pad(day)}`;

const pad = (value = 0, digits = 2): string => String(value).padStart(digits, '0');

/** A Date is what a DateTime is where that loses nothing: UTC, whole milliseconds. */
const isoOf = (moment: Date): string =>
  (moment instanceof DateTime ? moment : new DateTime(moment.getTime())).toIsoFormat();

/** A copy. Text of as many characters is what Python 2 wrote. */
function stateOf(node: unknown, length: number, resolver: Resolver): Uint8Array | undefined {
  const value = resolver.value(node);
  const state = typeof value === 'string' ? encodeLatin1(value) : value;
  return state instanceof Uint8Array && state.length === length ? state.slice() : undefined;
}
