import type { Statements } from '../dialect.js';
import type { Statement } from '../executor.js';
import { columnsOf, type Layout } from '../layout.js';
import { LONE_SURROGATE } from '../limits.js';
import { groupStatements } from './group-statements.js';
import { partitionStatements } from './partition-statements.js';
import { partitionNames } from './partitions.js';
import { failedBefore, NOT_FINAL, putStatements } from './put-statements.js';
import { scanStatement } from './scan-statement.js';
import type { Tables } from './tables.js';
import { asText } from './types.js';
import { momentOf, writtenRow } from './written.js';

/** JavaScript's longest text is of 2^29 - 24 characters, two for each byte. */
const MAX_READ_BYTES = 2 ** 28 - 2 ** 10;

/**
 * What is longer comes as a text that the driver cannot make, which would end the process: it is read as no bytes, which is
 * no pickle. The length of a large value is known without reading it.
 */
const readable = (bytes: string): string =>
  `CASE WHEN octet_length(${bytes}) > ${MAX_READ_BYTES} THEN '' ELSE ${bytes} END`;

/** In half the time that a text takes, on the server and here. What is infinite is no date. */
const MICROSECONDS =
  "CASE WHEN isfinite(date_done) THEN (date_part('epoch', date_done) * 1000000)::int8 END AS rb_done_us";

/** What to select for a column of a task table. */
export function asRead(layout: Layout, column: string): string {
  if (layout.dates.has(column)) return layout.django ? `${asText(layout, column)} AS ${column}` : MICROSECONDS;
  // What never expires, where deadlines are the key of partitions, which is never null.
  if (column === 'rb_expires_at') return `nullif(${column}, 'Infinity') AS ${column}`;
  return column === 'result' && layout.bytes.has(column) ? `${readable(column)} AS ${column}` : column;
}

/**
 * PostgreSQL's statements for tables with this package's columns, or for exactly the others'. `now` is always `$1`, but in put.
 *
 * @param notified Whether writes are told, so that reads have to say when they were made.
 */
export function postgresStatements(
  tables: Tables,
  layout: Layout,
  extended: boolean,
  notified = false,
  partitioned = false,
): Statements {
  const { task, group } = tables;
  const columns = columnsOf(layout, extended);
  const selected = columns.map((column) => asRead(layout, column));
  // Without deadlines the predicates are constant, but bind `now` all the same: so callers need not care.
  const live = extended ? '(rb_expires_at IS NULL OR rb_expires_at > $1::float8)' : '($1::float8 IS NOT NULL)';
  const expired = extended ? '(rb_expires_at <= $1::float8)' : '($1::float8 IS NULL)';
  const found = partitioned
    ? `${partitionNames(tables).get}($2::text[], $1::float8)`
    : `${task} WHERE task_id = ANY($2::text[]) AND ${live}`;
  const dated = (ids: string): string =>
    notified
      ? `, snapshot FROM (SELECT txid_current_snapshot()::text AS snapshot) s LEFT JOIN ${task} t ON task_id = ANY(${ids}::text[])`
      : ` FROM ${task} t WHERE task_id = ANY(${ids}::text[])`;
  const put = putStatements(tables, layout, columns, extended, NOT_FINAL);
  const restore = putStatements(tables, layout, columns, extended, failedBefore('excluded'));

  const deleteOne = `DELETE FROM ${task} WHERE task_id = ANY($2::text[])`;
  // Locked in the order in which puts write: else they run into deadlocks, and PostgreSQL looks for those after a second.
  const deleteSeveral = `WITH locked AS (SELECT task_id AS locked_id FROM ${task} WHERE task_id = ANY($2::text[])
    ORDER BY task_id COLLATE "C" FOR UPDATE) DELETE FROM ${task} USING locked WHERE task_id = locked_id`;

  return {
    extended,
    put: (rows, now, restoring = false) => (restoring ? restore : put)(rows, now),
    get: (taskIds, now) => ({
      sql: `SELECT ${selected.join(', ')} FROM ${found}`,
      params: [now, storable(taskIds)],
    }),
    delete: (taskIds, now) => [
      {
        sql: `${taskIds.length > 1 ? deleteSeveral : deleteOne} RETURNING ${live}::int AS live`,
        params: [now, storable(taskIds)],
      },
    ],
    // The transaction that wrote the row as it is now: differs after every commit, by whomever.
    versions: (taskIds) => ({
      sql: `SELECT task_id, t.xmin::text AS version${dated('$1')}`,
      params: [storable(taskIds)],
    }),
    latest: (taskIds, now) => ({
      sql: `SELECT ${selected.join(', ')}, t.xmin::text AS version, ${live}::int AS live${dated('$2')}`,
      params: [now, storable(taskIds)],
    }),
    ...(notified && {
      asOf: ({ snapshot }) => momentOf(String(snapshot)),
      told: (written, now) => writtenRow(written, columns, layout, extended ? now : undefined),
    }),
    // Which transactions are over: differs where any has written in between.
    changeToken: () => ({ sql: 'SELECT txid_current_snapshot()::text AS token', params: [] }),
    scan: (query) => scanStatement(task, selected.join(', '), layout, live, query),
    stats: (now) => [
      { sql: `SELECT status, count(*) AS n FROM ${task} GROUP BY status`, params: [] },
      { sql: `SELECT status, count(*) AS n FROM ${task} WHERE ${expired} GROUP BY status`, params: [now] },
      {
        sql: `SELECT ${asText(layout, 'min(date_done)')} AS date_done FROM ${task}
          WHERE status IN ('SUCCESS', 'FAILURE', 'REVOKED') AND isfinite(date_done) AND ${live}`,
        params: [now],
      },
      // A table that is not partitioned is no tree, and one that is has no size of its own.
      {
        sql: `SELECT pg_total_relation_size('${task}') + coalesce(sum(pg_total_relation_size(relid)), 0)::int8 AS bytes
          FROM pg_partition_tree('${task}') WHERE isleaf`,
        params: [],
      },
    ],
    sweepTasks: (limit, now) => sweep(task, expired, limit, now),
    sweepGroups: (limit, now) => sweep(group, expired, limit, now),
    ...groupStatements(tables, layout, extended, live),
    ...(partitioned && partitionStatements(tables, columns)),
  };
}

/** No other id can be stored; PostgreSQL would refuse the whole statement, or look for one with U+FFFD in it. */
const storable = (ids: readonly string[]): readonly string[] =>
  ids.filter((id) => !id.includes('\0') && !LONE_SURROGATE.test(id));

/** Inputs: now, limit. Rows that somebody writes just now are left for the next time. The array makes it choose once. */
const sweep = (table: string, expired: string, limit: number, now: number): Statement => ({
  sql: `DELETE FROM ${table} WHERE id = ANY(ARRAY(
    SELECT id FROM ${table} WHERE ${expired} ORDER BY rb_expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))`,
  params: [now, limit],
});
