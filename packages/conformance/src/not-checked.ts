import type { ClauseResult } from './clause.js';
import { idRanges } from './id-ranges.js';

/** What a kit cannot show: named, so that nobody takes it for granted. */
export const NOT_VERIFIABLE: readonly string[] = [
  'durability against the loss of power',
  'what a cluster does in a fail-over, beyond the restart of one server',
  'bounds of memory, outside of the profile soak',
];

export interface NotChecked {
  readonly reason: string;
  /** As `REC-1…5 REC-8`. */
  readonly ids: string;
}

/** The clauses that were not judged, by reason, in the order of the contract. */
export function notChecked(results: readonly ClauseResult[]): readonly NotChecked[] {
  const byReason = new Map<string, string[]>();
  for (const { id, status, reason = status } of results) {
    if (status === 'pass' || status === 'fail' || status === 'warn') continue;
    byReason.set(reason, [...(byReason.get(reason) ?? []), id]);
  }
  return [...byReason].map(([reason, ids]) => ({ reason, ids: idRanges(ids) }));
}
