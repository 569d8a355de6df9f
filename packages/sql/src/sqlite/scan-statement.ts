import type { ScanQuery } from '../dialect.js';
import type { SqlValue, Statement } from '../executor.js';
import type { Layout } from '../layout.js';
import type { Dates } from '../zones.js';

/** One page in the order of row ids, which a rewrite keeps: so no record is seen twice and none is missed. */
export function scanStatement(
  task: string,
  columns: readonly string[],
  { filters }: Layout,
  live: string,
  query: ScanQuery,
): Statement {
  const { states, name, worker, queue, since, until } = query.filter;
  const conditions: string[] = ['id > ?', 'task_id IS NOT NULL', live];
  const params: SqlValue[] = [query.afterId, query.now];
  const where = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    params.push(value);
  };
  where('status IN (SELECT value FROM json_each(?))', states && JSON.stringify(states));
  where(`${filters.name} = ?`, name);
  where(`${filters.worker} = ?`, worker);
  if (filters.queue !== undefined) where(`${filters.queue} = ?`, queue);
  // Celery leaves dates in rows that are not done.
  if (since !== undefined || until !== undefined) conditions.push("status IN ('SUCCESS', 'FAILURE', 'REVOKED')");
  where('date_done >= ?', since === undefined ? undefined : boundText(query.dates, since));
  where('date_done < ?', until === undefined ? undefined : boundText(query.dates, until));
  return {
    sql: `SELECT id, ${columns.join(', ')} FROM ${task} WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ?`,
    params: [...params, query.limit],
  };
}

/** Infinity, and what else is beyond the years 1 to 9999, bounds nothing that is stored; but for a day, as zones differ. */
const boundText = (dates: Dates, ms: number): string => dates.text(Math.min(Math.max(ms, FIRST_MS), LAST_MS));

const FIRST_MS = Date.parse('0001-01-02T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-30T23:59:59.999Z');
