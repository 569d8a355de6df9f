import { matchesFilter, type Refused, type ScanCapability, type TaskRecord } from '@rb/core';
import { numberOf } from './dialect.js';
import type { SqlRow } from './executor.js';
import type { Session } from './session.js';
import type { Dates } from './zones.js';

const PAGE_SIZE = 500;

/** Keyset pages: each starts after the row id at which the one before ended, so nothing is held open in between. */
export function sqlScan(
  session: Session,
  decode: (row: SqlRow, verbatim?: boolean) => TaskRecord | Refused,
  dates: Dates,
  now: () => number,
): ScanCapability {
  return {
    async *pages({ after, filter = {}, pageSize = PAGE_SIZE, verbatim, signal } = {}) {
      let afterId = after === undefined ? 0 : positionOf(after);
      for (;;) {
        const query = { afterId, limit: pageSize, filter, now: now(), dates };
        const [result] = await session.read((statements) => [statements.scan(query)], 'scanning records', signal);
        const rows = result?.rows ?? [];
        if (rows.length === 0) return;
        afterId = numberOf(rows.at(-1), 'id');
        // A database may compare more loosely, and have no column for a part of the filter. What cannot be read may be of any.
        const records = rows
          .map((row) => decode(row, verbatim))
          .filter((record) => 'refused' in record || matchesFilter(record, filter));
        yield { records, cursor: String(afterId) };
        if (rows.length < pageSize) return;
      }
    },
  };
}

function positionOf(cursor: string): number {
  const position = /^\d+$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (!Number.isSafeInteger(position)) throw new TypeError('expected a cursor of an earlier page of the same store');
  return position;
}
