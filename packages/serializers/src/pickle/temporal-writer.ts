import type { DateTime, PlainDate, PlainTime, TimeDelta } from '@rb/core';
import { OP } from './opcodes.js';
import type { Writer } from './writer.js';
import { offsetAtWall } from './zones.js';

/** The inverse of temporal.ts: state bytes, and a tzinfo where there is one. */

const FOLD = 0x80;

/** A plain Date is an aware datetime in UTC. */
export function writeDateTime(writer: Writer, value: Date): void {
  const { microseconds, offsetSeconds, zone } = partsOf(value);
  const wallMs = value.getTime() + Math.round((offsetSeconds ?? 0) * 1_000);
  const wall = new Date(wallMs);
  const year = wall.getUTCFullYear();
  // NaN, an invalid Date, is no year either.
  if (!(year >= 1 && year <= 9_999)) writer.fail("a Date outside Python's years 1 to 9999");
  if (Math.abs(offsetSeconds ?? 0) >= 86_400) writer.fail('an offset from UTC of a day or more');
  const fold = zone === null || offsetSeconds === null ? undefined : foldOf(zone, wallMs, offsetSeconds);
  const month = (wall.getUTCMonth() + 1) | (fold ? FOLD : 0);
  const clock = clockOf(
    wall.getUTCHours(),
    wall.getUTCMinutes(),
    wall.getUTCSeconds(),
    wall.getUTCMilliseconds() * 1_000 + microseconds,
  );
  writer.global('datetime', 'datetime');
  writer.value(Uint8Array.of(year >> 8, year & 0xff, month, wall.getUTCDate(), ...clock));
  if (fold !== undefined && zone !== null) writer.call('zoneinfo', 'ZoneInfo', [zone]);
  else if (offsetSeconds !== null) writeOffset(writer, offsetSeconds);
  finish(writer, offsetSeconds !== null);
}

export function writeDate(writer: Writer, { iso }: PlainDate): void {
  const [year = 0, month = 0, day = 0] = iso.split('-').map(Number);
  writer.call('datetime', 'date', [Uint8Array.of(year >> 8, year & 0xff, month, day)]);
}

const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{6}))?(?:([+-])(\d\d):(\d\d)(?::(\d\d(?:\.\d{6})?))?)?$/;

export function writeTime(writer: Writer, { iso }: PlainTime): void {
  const [, hour, minute, second, micros = 0, sign, hours, minutes, seconds = 0] = TIME.exec(iso) ?? [];
  writer.global('datetime', 'time');
  writer.value(Uint8Array.from(clockOf(Number(hour), Number(minute), Number(second), Number(micros))));
  if (sign !== undefined) {
    writeOffset(writer, Number(`${sign}1`) * (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)));
  }
  finish(writer, sign !== undefined);
}

export function writeTimeDelta(writer: Writer, { days, seconds, microseconds }: TimeDelta): void {
  writer.call('datetime', 'timedelta', [days, seconds, microseconds]);
}

function finish(writer: Writer, aware: boolean): void {
  writer.output.op(aware ? OP.TUPLE2 : OP.TUPLE1);
  writer.output.op(OP.REDUCE);
}

/** A timedelta is normalised: only its days are negative. */
function writeOffset(writer: Writer, offsetSeconds: number): void {
  const micros = Math.round(offsetSeconds * 1_000_000);
  const days = Math.floor(micros / 86_400_000_000);
  const rest = micros - days * 86_400_000_000;
  writer.global('datetime', 'timezone');
  writer.call('datetime', 'timedelta', [days, Math.floor(rest / 1_000_000), rest % 1_000_000]);
  writer.output.op(OP.TUPLE1);
  writer.output.op(OP.REDUCE);
}

/** Which `fold` gives the zone this offset at this time; undefined where neither does, and a fixed offset says more. */
function foldOf(zone: string, wallMs: number, offsetSeconds: number): boolean | undefined {
  if (offsetAtWall(zone, wallMs, false) === offsetSeconds) return false;
  return offsetAtWall(zone, wallMs, true) === offsetSeconds ? true : undefined;
}

function partsOf(value: Date): Pick<DateTime, 'microseconds' | 'offsetSeconds' | 'zone'> {
  return 'offsetSeconds' in value ? (value as DateTime) : UTC;
}

const UTC = { microseconds: 0, offsetSeconds: 0, zone: null };

const clockOf = (hour: number, minute: number, second: number, micros: number): number[] => [
  hour,
  minute,
  second,
  micros >> 16,
  (micros >> 8) & 0xff,
  micros & 0xff,
];
