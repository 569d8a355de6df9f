import type { ScanQuery } from '../dialect.js';
import type { SqlParam, Statement } from '../executor.js';
import type { Layout } from '../layout.js';
import type { Dates } from '../zones.js';
import { dateType } from './types.js';

/** One page in the order of row ids, which a rewrite keeps: so no record is seen twice and none is missed. */
export function scanStatement(
  task: string,
  columns: string,
  { filters, ...layout }: Layout,
  live: string,
  query: ScanQuery,
): Statement {
  const { states, name, worker, queue, since, until } = query.filter;
  const params: SqlParam[] = [query.now, query.afterId, query.limit];
  const conditions: string[] = [live, 'id > $2::int8', 'task_id IS NOT NULL'];
  const where = (condition: (place: string) => string, value: SqlParam | undefined): void => {
    if (value !== undefined) conditions.push(condition(`$${params.push(value)}`));
  };
  where((place) => `status = ANY(${place}::text[])`, states);
  where((place) => `${filters.name} = ${place}`, name);
  where((place) => `${filters.worker} = ${place}`, worker);
  if (filters.queue !== undefined) where((place) => `${filters.queue} = ${place}`, queue);
  // Celery leaves dates in rows that are not done.
  if (since !== undefined || until !== undefined) conditions.push("status IN ('SUCCESS', 'FAILURE', 'REVOKED')");
  where(
    (place) => `date_done >= ${place}::${dateType(layout)}`,
    since === undefined ? undefined : boundText(query.dates, since),
  );
  where(
    (place) => `date_done < ${place}::${dateType(layout)}`,
    until === undefined ? undefined : boundText(query.dates, until),
  );
  return { sql: `SELECT id, ${columns} FROM ${task} WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT $3`, params };
}

/** Infinity, and what else is beyond the years 1 to 9999, bounds nothing that is stored; but for a day, as zones differ. */
const boundText = (dates: Dates, ms: number): string => dates.text(Math.min(Math.max(ms, FIRST_MS), LAST_MS));

const FIRST_MS = Date.parse('0001-01-02T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-30T23:59:59.999Z');
