import { dateMs, dateText } from './dates.js';

/** Unix milliseconds as a naive date and time in a column, and back. */
export interface Dates {
  /** `YYYY-MM-DD HH:MM:SS.ffffff`. */
  readonly text: (ms: number) => string;
  /** Errors: TypeError where it is no date. */
  readonly ms: (text: string) => number;
  /** Of what a clock in the zone shows, in milliseconds as if it were in UTC. */
  readonly instant: (wallMs: number) => number;
  /** '' for UTC. What was written in one zone does not mean the same in another. */
  readonly zone: string;
}

const UTC: Dates = { text: dateText, ms: dateMs, instant: (wallMs) => wallMs, zone: '' };

/** For columns that hold an instant, whatever the session's zone. */
export const INSTANTS: Dates = { ...UTC, text: (ms) => `${dateText(ms)}+00:00` };

/** At the end of a date and time, whose own hyphens stand before. */
const OFFSET = /[T ].*[Z+-]/;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Dates as the wall clock of an IANA zone shows them, which is what Celery 5.5 and later write.
 *
 * An hour that the clock shows twice is read as the first one, a time that it skips as one that is as far after the change:
 * as Python does it (fold=0).
 *
 * Errors: TypeError where there is no such zone.
 */
export function datesIn(timeZone = 'UTC'): Dates {
  const offsetAt = offsetsOf(timeZone);
  if (offsetAt === undefined) return UTC;
  const instant = (wallMs: number): number => {
    const before = offsetAt(wallMs - DAY);
    const after = offsetAt(wallMs + DAY);
    const first = wallMs - before;
    if (before === after || offsetAt(first) === before) return first;
    const second = wallMs - after;
    return offsetAt(second) === after ? second : first;
  };
  return {
    zone: timeZone,
    instant,
    text: (ms) => dateText(ms + offsetAt(ms)),
    ms: (text) => {
      const wallMs = dateMs(text);
      return OFFSET.test(text) ? wallMs : instant(wallMs);
    },
  };
}

/** Days whose offset is remembered: some three years of them. */
const REMEMBERED = 1_000;

/** Milliseconds that the zone's clock is ahead of UTC at an instant; undefined for UTC itself. Errors: TypeError. */
function offsetsOf(timeZone: string): ((ms: number) => number) | undefined {
  const format = formatOf(timeZone);
  if (format.resolvedOptions().timeZone === 'UTC') return undefined;
  const look = (ms: number): number => offsetOf(format.format(ms));
  // Asking takes microseconds, and a day that ends as it began has one answer: no zone changes its clock and back within one.
  const byDay = new Map<number, number | undefined>();
  return (ms) => {
    const day = Math.floor(ms / DAY);
    if (!byDay.has(day)) {
      if (byDay.size === REMEMBERED) byDay.clear();
      const start = look(day * DAY);
      byDay.set(day, start === look((day + 1) * DAY) ? start : undefined);
    }
    return byDay.get(day) ?? look(ms);
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch (cause) {
    throw new TypeError('expected the IANA name of a time zone, such as Europe/Berlin, as timeZone', { cause });
  }
}

/** `11/30/2026, GMT-05:00`; `GMT` alone for none, and seconds only of the times before zones. */
function offsetOf(text: string): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(text) ?? [];
  const ms = Number(hours) * HOUR + Number(minutes) * 60_000 + Number(seconds) * 1_000;
  return sign === '-' ? -ms : ms;
}
