import { formatIso, type IsoParts, parseIsoDateTime } from './iso.js';
import { markKind } from './values.js';

export interface DateTimeOptions {
  /** 0 to 999, beyond the millisecond. @default 0 */
  readonly microseconds?: number | undefined;
  /** Seconds east of UTC; null for a naive datetime, which is then counted as if it were UTC. @default 0 */
  readonly offsetSeconds?: number | null | undefined;
  /** IANA name, where Python's tzinfo was a ZoneInfo. @default null */
  readonly zone?: string | null | undefined;
}

/**
 * Python's `datetime.datetime` where a plain Date would lose something: microseconds, an offset, or being naive.
 * It *is* a Date, so code that only wants the instant need not care.
 */
export class DateTime extends Date {
  readonly microseconds: number;
  readonly offsetSeconds: number | null;
  readonly zone: string | null;

  /** @param epochMs Unix milliseconds of the instant (of the wall clock read as UTC, where naive). */
  constructor(epochMs: number, options: DateTimeOptions = {}) {
    super(epochMs);
    const { microseconds = 0, offsetSeconds = 0, zone = null } = options;
    if (!within(microseconds, 999)) throw new TypeError(`expected 0 to 999 microseconds, got ${microseconds}`);
    if (!(Math.abs(offsetSeconds ?? 0) < DAY_SECONDS)) {
      throw new TypeError(`expected an offset of less than a day, got ${offsetSeconds} seconds`);
    }
    this.microseconds = microseconds;
    this.offsetSeconds = offsetSeconds;
    this.zone = zone;
  }

  /** A Date where that loses nothing, else a DateTime. */
  static fromParts(parts: IsoParts, zone: string | null = null): Date {
    return fromParts(parts, zone);
  }

  /**
   * Reads what Python's `isoformat()` writes, `Z` included.
   *
   * Errors: TypeError where the text is no ISO 8601 date and time.
   */
  static fromIso(text: string): Date {
    return fromParts(parseIsoDateTime(text), null);
  }

  /** As Python's `isoformat()` writes it: wall clock, six fraction digits or none, offset unless naive. */
  toIsoFormat(): string {
    return formatIso(this.getTime(), this.microseconds, this.offsetSeconds);
  }
}

function fromParts({ epochMs, microseconds, offsetSeconds }: IsoParts, zone: string | null): Date {
  if (microseconds === 0 && offsetSeconds === 0 && zone === null) return new Date(epochMs);
  return new DateTime(epochMs, { microseconds, offsetSeconds, zone });
}

/** Python's `datetime.date`. */
export class PlainDate {
  /** `YYYY-MM-DD` */
  readonly iso: string;

  constructor(iso: string) {
    const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso);
    const valid = parts !== null && parts[1] !== '0000' && isDay(iso);
    if (!valid) throw new TypeError(`expected a date as YYYY-MM-DD, got ${JSON.stringify(iso)}`);
    this.iso = iso;
    Object.freeze(this);
  }

  toString(): string {
    return this.iso;
  }

  toJSON(): string {
    return this.iso;
  }
}

/** The shape alone is not enough: 30 February rolls over to March. */
function isDay(iso: string): boolean {
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
}

/** Python's `datetime.time`. */
export class PlainTime {
  /** `HH:MM:SS`, `HH:MM:SS.ffffff`, either with an offset such as `+02:00` where the time is aware. */
  readonly iso: string;

  constructor(iso: string) {
    if (!TIME.test(iso))
      throw new TypeError(`expected a time as HH:MM:SS[.ffffff][+HH:MM], got ${JSON.stringify(iso)}`);
    this.iso = iso;
    Object.freeze(this);
  }

  toString(): string {
    return this.iso;
  }

  toJSON(): string {
    return this.iso;
  }
}

const TIME =
  /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{6})?(?:[+-](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{6})?)?)?$/;

/** Python's `datetime.timedelta`, normalised as there: only `days` may be negative. */
export class TimeDelta {
  readonly days: number;
  /** 0 to 86,399 */
  readonly seconds: number;
  /** 0 to 999,999 */
  readonly microseconds: number;

  constructor(days: number, seconds = 0, microseconds = 0) {
    const valid =
      Number.isInteger(days) && within(seconds, 86_399) && within(microseconds, 999_999) && Math.abs(days) <= MAX_DAYS;
    if (!valid) throw new TypeError('expected whole days, seconds 0 to 86399 and microseconds 0 to 999999');
    this.days = days;
    this.seconds = seconds;
    this.microseconds = microseconds;
    Object.freeze(this);
  }

  /** Milliseconds, fraction included. */
  get totalMs(): number {
    return (this.days * DAY_SECONDS + this.seconds) * 1_000 + this.microseconds / 1_000;
  }
}

const DAY_SECONDS = 86_400;

/** Python refuses a timedelta beyond this. */
const MAX_DAYS = 999_999_999;

const within = (value: number, max: number): boolean => Number.isInteger(value) && value >= 0 && value <= max;

markKind(DateTime.prototype, 'datetime');
markKind(PlainDate.prototype, 'date');
markKind(PlainTime.prototype, 'time');
markKind(TimeDelta.prototype, 'timedelta');
