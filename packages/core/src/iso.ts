/** A parsed date and time. `epochMs` is whole; a naive one is counted as UTC and has no offset. */
export interface IsoParts {
  readonly epochMs: number;
  /** 0 to 999, beyond the millisecond. */
  readonly microseconds: number;
  /** Seconds east of UTC, a fraction where Python had one; null where naive. */
  readonly offsetSeconds: number | null;
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|([+-])([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d(?:\.\d{1,6})?))?)?)?$/;

/**
 * Reads every ISO 8601 form that Celery 5.2 to 5.6 stores: with `T` or a space, with `Z`, an offset or neither, with any
 * number of fraction digits (beyond microseconds they are cut).
 *
 * Errors: TypeError where the text is none.
 */
export function parseIsoDateTime(text: string): IsoParts {
  return parseUsual(text) ?? parseAny(text);
}

/** `2026-01-02T03:04:05.678901+00:00`: nearly every stored date, read by position, in a fifth of the time. */
function parseUsual(text: string): IsoParts | undefined {
  if (text.length !== 32 || !text.endsWith('+00:00')) return undefined;
  const isPunctuated = text[4] === '-' && text[7] === '-' && text[10] === 'T' && text[13] === ':' && text[16] === ':';
  if (!isPunctuated || text[19] !== '.') return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  const micros = digits(text, 20, 26);
  // Not in doubt in any century, and none of them NaN; for the rest there is the general way.
  const isPlain = year >= 100 && day >= 1 && day <= (DAYS[month - 1] ?? 0) && micros >= 0;
  if (!isPlain || !(hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  const epochMs = Date.UTC(year, month - 1, day, hour, minute, second) + Math.floor(micros / 1_000);
  return { epochMs, microseconds: micros % 1_000, offsetSeconds: 0 };
}

/** Of each month; the 29th of February is left to the general way. */
const DAYS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** NaN where one is no digit. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function parseAny(text: string): IsoParts {
  const match = ISO.exec(text);
  const fail = (): never => {
    // Only the shape is named: the text may be part of a payload.
    throw new TypeError(`expected an ISO 8601 date and time, got ${text.length} characters of something else`);
  };
  if (match === null) return fail();
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone, sign, oh, om, os] = match;
  const micros = Number(fraction.padEnd(6, '0').slice(0, 6));
  const wallMs = wallClock(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second));
  if (wallMs === undefined) return fail();
  const offset = zone === undefined ? null : zone === 'Z' ? 0 : offsetOf(sign, oh, om, os);
  const ms = wallMs + Math.floor(micros / 1_000) - Math.round((offset ?? 0) * 1_000);
  return { epochMs: ms, microseconds: micros % 1_000, offsetSeconds: offset };
}

/**
 * As Python's `isoformat()`: six fraction digits, or none where they are zero unless `always`; no offset where naive.
 *
 * Errors: TypeError outside of the years 1 to 9999, which are all that Python knows.
 */
export function formatIso(epochMs: number, microseconds: number, offsetSeconds: number | null, always = false): string {
  const wall = new Date(epochMs + Math.round((offsetSeconds ?? 0) * 1_000));
  const year = wall.getUTCFullYear();
  // Of an invalid Date it is NaN.
  if (!(year >= 1 && year <= 9_999)) throw new TypeError('expected a date in the years 1 to 9999');
  const fraction = wall.getUTCMilliseconds() * 1_000 + microseconds;
  const text = wall.toISOString().slice(0, 19);
  const digits = fraction === 0 && !always ? '' : `.${String(fraction).padStart(6, '0')}`;
  return text + digits + (offsetSeconds === null ? '' : formatOffset(offsetSeconds));
}

/** Unix milliseconds with a fraction for the microseconds, which a double holds exactly enough until the year 2200. */
export const fractionalMs = (parts: IsoParts): number => parts.epochMs + parts.microseconds / 1_000;

/** The inverse of `fractionalMs`. */
export function splitMs(ms: number): { readonly epochMs: number; readonly microseconds: number } {
  const micros = Math.round((ms - Math.floor(ms)) * 1_000);
  return { epochMs: Math.floor(ms) + Math.floor(micros / 1_000), microseconds: micros % 1_000 };
}

function wallClock(y: number, mo: number, d: number, h: number, mi: number, s: number): number | undefined {
  if (y === 0 || mo < 1 || mo > 12 || d < 1 || h > 23 || mi > 59 || s > 59) return undefined;
  const date = new Date(0);
  // Not Date.UTC, which reads the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(y, mo - 1, d);
  date.setUTCHours(h, mi, s);
  return date.getUTCDate() === d ? date.getTime() : undefined;
}

const offsetOf = (sign = '+', hours = '0', minutes = '0', seconds = '0'): number =>
  (sign === '-' ? -1 : 1) * (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds));

function formatOffset(offsetSeconds: number): string {
  const total = Math.abs(offsetSeconds);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const seconds = total % 60;
  const micros = Math.round((seconds % 1) * 1_000_000);
  const tail = seconds === 0 ? '' : `:${two(seconds)}${micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`}`;
  return `${offsetSeconds < 0 ? '-' : '+'}${two(total / 3_600)}:${two((total / 60) % 60)}${tail}`;
}
