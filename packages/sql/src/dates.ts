import { formatIso, fractionalMs, parseIsoDateTime, splitMs } from '@rb/core';

/** Unix milliseconds as SQLAlchemy stores a datetime: naive UTC, always six fraction digits, so text sorts as time. */
export function dateText(ms: number): string {
  const { epochMs, microseconds } = splitMs(ms);
  return formatIso(epochMs, microseconds, null, true).replace('T', ' ');
}

/**
 * Any ISO 8601 text; naive is UTC.
 *
 * Errors: TypeError where it is none.
 */
export const dateMs = (text: string): number => fractionalMs(parseIsoDateTime(text));
