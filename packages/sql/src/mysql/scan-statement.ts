import { dateText } from '../dates.js';
import type { ScanQuery } from '../dialect.js';
import type { SqlValue, Statement } from '../executor.js';

/** One page in the order of row ids, which a rewrite keeps: so no record is seen twice and none is missed. */
export function scanStatement(task: string, columns: string, live: string, done: string, query: ScanQuery): Statement {
  const { states, name, worker, queue, since, until } = query.filter;
  const conditions: string[] = ['id > ?', 'task_id IS NOT NULL', live];
  const params: SqlValue[] = [query.afterId, query.now];
  const where = (condition: string, ...values: readonly (SqlValue | undefined)[]): void => {
    if (values.some((value) => value === undefined)) return;
    conditions.push(condition);
    params.push(...(values as readonly SqlValue[]));
  };
  if (states !== undefined)
    where(states.length === 0 ? 'FALSE' : `status IN (${states.map(() => '?').join(', ')})`, ...states);
  where('name = ?', name);
  where('worker = ?', worker);
  where('queue = ?', queue);
  // Celery leaves dates in rows that are not done.
  if (since !== undefined || until !== undefined) conditions.push("status IN ('SUCCESS', 'FAILURE', 'REVOKED')");
  where(`${done} >= ?`, since === undefined ? undefined : boundText(since));
  where(`${done} < ?`, until === undefined ? undefined : boundText(until));
  return {
    sql: `SELECT id, ${columns} FROM ${task} WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ?`,
    params: [...params, query.limit],
  };
}

/** Infinity, and what else is beyond the years 1000 to 9999 that MySQL's DATETIME has, bounds nothing that is stored. */
const boundText = (ms: number): string => dateText(Math.min(Math.max(ms, FIRST_MS), LAST_MS));

const FIRST_MS = Date.parse('1000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
