import { type DateTime, formatIso, isKind } from '@rb/core';

/**
 * A date as Python's isoformat() writes it, without an offset where it is naive.
 *
 * Errors: TypeError outside of Python's years, and for offsets with seconds, which neither YAML nor CBOR can say.
 */
export function isoText(date: Date | DateTime): string {
  const { microseconds, offsetSeconds } = isKind(date, 'datetime') ? date : { microseconds: 0, offsetSeconds: 0 };
  if ((offsetSeconds ?? 0) % 60 !== 0) throw new TypeError('expected an offset of whole minutes');
  return formatIso(date.getTime(), microseconds, offsetSeconds);
}
