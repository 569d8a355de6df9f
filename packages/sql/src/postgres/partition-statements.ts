import { CELERY } from '../celery-layout.js';
import type { Statements } from '../dialect.js';
import {
  LOCK_TIMEOUT_MS,
  NEEDS_READ_COMMITTED,
  type Partitions,
  PLANNED_ONCE,
  partitionNames,
  stripeOf,
} from './partitions.js';
import { failedBefore, NOT_FINAL, rounds } from './put-statements.js';
import type { Tables } from './tables.js';
import { typeOf } from './types.js';

/** What a partitioned table is written by, in place of an upsert and a DELETE. */
export function partitionStatements(
  tables: Tables,
  columns: readonly string[],
): Pick<Statements, 'put' | 'sweepTasks'> {
  const { put, sweep } = partitionNames(tables);
  const places = columns.map((column, i) => `$${i + 1}::${typeOf(CELERY, column)}[]`);
  const sql = `SELECT put AS task_id FROM ${put}(${places.join(', ')}, $${columns.length + 1}::float8, $${columns.length + 2}::bool) put`;
  return {
    put: (rows, now, restoring = false) =>
      rounds(rows).map((round) => ({
        sql,
        // A column that no row has is a list without entries.
        params: [
          ...columns.map((column) =>
            round.some((row) => row[column] !== null) ? round.map((row) => row[column] ?? null) : [],
          ),
          now,
          String(restoring),
        ],
      })),
    sweepTasks: (limit, now) => ({
      sql: `SELECT ${sweep}($2::int8, $1::float8) AS removed`,
      params: [now, limit],
    }),
  };
}

/**
 * Inputs: an array per column, an id at most once; now; whether an archive is restored. Returns the ids that were written.
 *
 * Under the locks of the ids nobody else inserts them, so that looking first is enough. Rows that are there are locked, those that
 * stay too: else one that is deleted between two statements of a batch lets a later record of its id in after a SUCCESS. A row
 * whose deadline changes moves to another partition and keeps its number.
 */
export function putFunction(tables: Tables, columns: readonly string[]): string {
  const { task, taskSequence } = tables;
  const parameters = columns.map((column, i) => `a${i} ${typeOf(CELERY, column)}[]`);
  const given = `unnest(${columns.map((_, i) => `a${i}`).join(', ')}) AS u(${columns.join(', ')})`;
  const value = (column: string): string =>
    column === 'rb_expires_at' ? `coalesce(u.rb_expires_at, 'Infinity')` : `u.${column}`;
  const assignments = columns.slice(1).map((column) => `${column} = ${value(column)}`);
  return `CREATE OR REPLACE FUNCTION ${partitionNames(tables).put}(${parameters.join(', ')}, now_ms float8, restoring bool) RETURNS SETOF text ${PLANNED_ONCE} AS $$
DECLARE known text[];
BEGIN
  ${NEEDS_READ_COMMITTED};
  PERFORM pg_advisory_xact_lock(stripe) FROM (SELECT DISTINCT ${stripeOf(task, 'u')} AS stripe FROM unnest(a0) u ORDER BY 1) stripes;
  known := ARRAY(SELECT t.task_id FROM ${task} t WHERE t.task_id = ANY(a0) FOR UPDATE);
  IF known <> '{}' THEN
    RETURN QUERY UPDATE ${task} t SET ${assignments.join(', ')}, rb_revision = coalesce(t.rb_revision, 0) + 1, rb_updated_at = now_ms
      FROM ${given} WHERE t.task_id = u.task_id AND (t.rb_expires_at <= now_ms
        OR CASE WHEN restoring THEN ${failedBefore('u')} ELSE ${NOT_FINAL} END)
      RETURNING t.task_id::text;
  END IF;
  RETURN QUERY INSERT INTO ${task} AS t (id, ${columns.join(', ')}, rb_revision, rb_updated_at)
    SELECT nextval('${taskSequence}'), ${columns.map(value).join(', ')}, 1, now_ms FROM ${given}
    WHERE NOT EXISTS (SELECT FROM unnest(known) k WHERE k = u.task_id)
    RETURNING t.task_id::text;
END$$`;
}

/** Inputs: ids, now. Returns the rows that have not expired. */
export const getFunction = (tables: Tables): string =>
  `CREATE OR REPLACE FUNCTION ${partitionNames(tables).get}(ids text[], now_ms float8) RETURNS SETOF ${tables.task} ${PLANNED_ONCE} STABLE AS $$
BEGIN RETURN QUERY SELECT * FROM ${tables.task} WHERE task_id = ANY(ids) AND rb_expires_at > now_ms; END$$`;

/**
 * Inputs: limit, now. Drops the first partition whose stretch is over and that has rows, with the empty ones before it, and
 * returns how many rows it had; where there is none, deletes expired rows of the default partition. The rows are counted
 * first, as dropping keeps everybody from the table; where somebody reads for long, it is left for the next time.
 */
export function sweepFunction(tables: Tables, { intervalMs, celeryExpiresMs }: Partitions): string {
  const { task } = tables;
  const { sweep, make, strays } = partitionNames(tables);
  return `CREATE OR REPLACE FUNCTION ${sweep}(most int8, now_ms float8) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE part regclass; over regclass[] := '{}'; removed int8 := 0; ms float8 := extract(epoch FROM clock_timestamp()) * 1000;
BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
      CROSS JOIN substring(pg_get_expr(relpartbound, inhrelid) FROM 'TO \\(''?([0-9.e+-]+)''?\\)') AS bound
      WHERE inhparent = '${task}'::regclass AND bound::float8 <= now_ms ORDER BY bound::float8 LOOP
    over := over || part;
    EXECUTE format('SELECT count(*) FROM %s', part) INTO removed;
    EXIT WHEN removed > 0;
  END LOOP;
  PERFORM set_config('lock_timeout', '${LOCK_TIMEOUT_MS}', true);
  BEGIN
    FOREACH part IN ARRAY over LOOP
      EXECUTE format('DROP TABLE %s', part);
    END LOOP;
  EXCEPTION WHEN lock_not_available THEN removed := 0;
  END;
  -- For Celery, which makes none.
  PERFORM ${make}(ARRAY[ms + ${celeryExpiresMs}, ms + ${celeryExpiresMs + intervalMs}]);
  IF removed = 0 THEN
    DELETE FROM ${strays} WHERE id = ANY(ARRAY(
      SELECT id FROM ${strays} WHERE rb_expires_at <= now_ms ORDER BY rb_expires_at LIMIT most FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS removed = ROW_COUNT;
  END IF;
  RETURN removed;
END$$`;
}
