import type { Session } from '../session.js';
import type { StoredRow } from '../task-row.js';
import { MAX_AHEAD, type Partitions, partitionNames } from './partitions.js';
import type { Tables } from './tables.js';

type Ahead = (rows: readonly StoredRow[], session: Session) => Promise<void> | undefined;

/**
 * Makes the partitions of rows that are to be put, and the next one for Celery, each asked for once per process.
 *
 * @returns Undefined where all are there, which is nearly always.
 */
export function partitionsAhead(tables: Tables, { intervalMs, celeryExpiresMs }: Partitions, now: () => number): Ahead {
  const known = new Set<number>();
  /** Calls at once wait for the same. */
  const making = new Map<number, Promise<void>>();
  const make = async (starts: readonly number[], session: Session): Promise<void> => {
    const statement = { sql: `SELECT ${partitionNames(tables).make}($1::float8[]) AS start`, params: [starts] };
    const [result] = await session.write(() => [statement], 'making partitions');
    for (const { start } of result?.rows ?? []) known.add(Number(start));
  };
  const startOf = (ms: number): number => Math.floor(ms / intervalMs) * intervalMs;
  return (rows: readonly StoredRow[], session: Session): Promise<void> | undefined => {
    const from = now();
    const last = from + MAX_AHEAD * intervalMs;
    const celerys = from + celeryExpiresMs;
    const wanted = new Set([celerys, celerys + intervalMs].map(startOf));
    for (const { rb_expires_at: ms } of rows)
      if (typeof ms === 'number' && ms > from && ms <= last) wanted.add(startOf(ms));
    const pending = [...wanted].filter((start) => !known.has(start));
    if (pending.length === 0) return undefined;
    const starts = pending.filter((start) => !making.has(start));
    if (starts.length > 0) {
      const made = make(starts, session).finally(() => {
        for (const start of starts) making.delete(start);
      });
      for (const start of starts) making.set(start, made);
    }
    return Promise.all(pending.map((start) => making.get(start))).then(() => undefined);
  };
}
