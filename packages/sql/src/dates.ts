import { formatIso, fractionalMs, parseIsoDateTime, splitMs } from '@rb/core';

/** Records of one batch mostly share their second, and writing it out is what takes the time. */
let lastSecond = Number.NaN;
let lastText = '';

/** Unix milliseconds as SQLAlchemy stores a datetime in UTC: naive, always six fraction digits, so text sorts as time. */
export function dateText(ms: number): string {
  const { epochMs, microseconds } = splitMs(ms);
  const second = Math.floor(epochMs / 1_000);
  if (second !== lastSecond) {
    lastText = formatIso(second * 1_000, 0, null).replace('T', ' ');
    lastSecond = second;
  }
  const fraction = (epochMs - second * 1_000) * 1_000 + microseconds;
  return `${lastText}.${String(fraction).padStart(6, '0')}`;
}

/**
 * Any ISO 8601 text; naive is UTC.
 *
 * Errors: TypeError where it is none.
 */
export function dateMs(text: string): number {
  const ms = usualMs(text);
  return Number.isNaN(ms) ? fractionalMs(parseIsoDateTime(text)) : ms;
}

/** The years 1 to 9999, as Python has them. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const END_MS = Date.parse('9999-12-31T23:59:59.999Z') + 1;

/**
 * Of microseconds since 1970.
 *
 * Errors: TypeError where it is no date.
 */
export function microsMs(micros: number): number {
  const ms = micros / 1_000;
  if (!(ms >= FIRST_MS && ms < END_MS)) throw new TypeError('expected a date in the years 1 to 9999');
  return ms;
}

/** What `dateText` writes, as nearly every row has it, by its places: many times as fast. NaN for anything else. */
function usualMs(text: string): number {
  const shaped = text.length === 26 && text[10] === ' ' && text[13] === ':' && text[16] === ':' && text[19] === '.';
  if (!shaped) return Number.NaN;
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  return dayMs(text) + hour * 3_600_000 + minute * 60_000 + second * 1_000 + digits(text, 20, 26) / 1_000;
}

/** Rows that are read together mostly share their day, and to make sure of one is what takes the time. */
let lastDay = '-';
let lastDayMs = Number.NaN;

/** When the day began with which the text begins; NaN where it begins with none. */
function dayMs(text: string): number {
  if (text.startsWith(lastDay)) return lastDayMs;
  if (text[4] !== '-' || text[7] !== '-') return Number.NaN;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const ms = Date.UTC(year, month - 1, day);
  // Date.UTC carries what is out of range into another month. It takes the years 0 to 99 for 1900 to 1999.
  if (!(year >= 100 && month >= 1 && month <= 12 && new Date(ms).getUTCDate() === day)) return Number.NaN;
  lastDay = text.slice(0, 10);
  lastDayMs = ms;
  return ms;
}

/** NaN where a character is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
