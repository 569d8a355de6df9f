import { dateText } from '../dates.js';
import type { ScanQuery } from '../dialect.js';
import type { SqlValue, Statement } from '../executor.js';
import type { Layout } from '../layout.js';

/**
 * One page in the order of row ids, which a rewrite keeps: so no record is seen twice and none is missed.
 *
 * @param sealed Predicate of a row whose `rb_done_at` counts; none where there is no such column.
 */
export function scanStatement(
  task: string,
  columns: string,
  live: string,
  { filters }: Layout,
  sealed: string | undefined,
  query: ScanQuery,
): Statement {
  const { dates } = query;
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
  where(`${filters.name} = ?`, name);
  where(`${filters.worker} = ?`, worker);
  if (filters.queue !== undefined) where(`${filters.queue} = ?`, queue);
  // Celery leaves dates in rows that are not done.
  if (since !== undefined || until !== undefined) conditions.push("status IN ('SUCCESS', 'FAILURE', 'REVOKED')");
  const done = (operator: '>=' | '<', ms: number | undefined): void => {
    if (ms === undefined) return;
    const bound = clamped(ms);
    if (sealed === undefined) where(`date_done ${operator} ?`, dates.text(bound));
    else
      where(
        `IF(${sealed} AND rb_done_at IS NOT NULL, rb_done_at ${operator} ?, date_done ${operator} ?)`,
        dateText(bound),
        dates.text(bound),
      );
  };
  done('>=', since);
  done('<', until);
  return {
    sql: `SELECT id, ${columns} FROM ${task} WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ?`,
    params: [...params, query.limit],
  };
}

/** Infinity, and what else is beyond the years 1000 to 9999 that MySQL's DATETIME has, bounds nothing that is stored; but for a day, as zones differ. */
const clamped = (ms: number): number => Math.min(Math.max(ms, FIRST_MS), LAST_MS);

const FIRST_MS = Date.parse('1000-01-02T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-30T23:59:59.999Z');
