import type { Session } from '../session.js';
import type { TaskRow } from '../task-row.js';
import { MAX_AHEAD, type Partitions, partitionNames } from './partitions.js';
import type { Tables } from './tables.js';

type Ahead = (rows: readonly TaskRow[], session: Session) => Promise<void> | undefined;

/**
 * Makes the partitions of rows that are to be put, and the next one for Celery, each asked for once per process.
 *
 * @returns Undefined where all are there, which is nearly always.
 */
export function partitionsAhead(tables: Tables, { intervalMs, celeryExpiresMs }: Partitions, now: () => number): Ahead {
  const known = new Set<number>();
  const startOf = (ms: number): number => Math.floor(ms / intervalMs) * intervalMs;
  return (rows: readonly TaskRow[], session: Session): Promise<void> | undefined => {
    const from = now();
    const last = from + MAX_AHEAD * intervalMs;
    const celerys = from + celeryExpiresMs;
    const wanted = new Set([celerys, celerys + intervalMs].map(startOf));
    for (const { rb_expires_at: ms } of rows) if (ms !== null && ms > from && ms <= last) wanted.add(startOf(ms));
    const starts = [...wanted].filter((start) => !known.has(start));
    if (starts.length === 0) return undefined;
    const statement = { sql: `SELECT ${partitionNames(tables).make}($1::float8[]) AS start`, params: [starts] };
    return session
      .write(() => [statement], 'making partitions')
      .then(([result]) => {
        for (const { start } of result?.rows ?? []) known.add(Number(start));
      });
  };
}
