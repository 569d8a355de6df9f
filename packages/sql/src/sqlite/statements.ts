import type { Statements } from '../dialect.js';
import type { SqlValue, Statement } from '../executor.js';
import { CELERY_COLUMNS, EXTENSION_COLUMNS, type TaskRow } from '../task-row.js';
import { groupStatements } from './group-statements.js';
import { scanStatement } from './scan-statement.js';
import { quoted, type Tables } from './tables.js';

/** 256 rows of 17 parameters stay far below SQLite's 32,766 parameters, and longer statements are not faster. */
const MAX_ROWS = 256;

/**
 * SQLite's statements for tables with this package's columns, or for exactly Celery's.
 *
 * @param shared Whether others write through the same connection.
 */
export function sqliteStatements(tables: Tables, extended: boolean, shared: boolean): Statements {
  const task = quoted(tables.task);
  const columns: readonly (keyof TaskRow)[] = extended ? [...CELERY_COLUMNS, ...EXTENSION_COLUMNS] : CELERY_COLUMNS;
  // Without deadlines the predicates are constant, but bind `now` all the same: so callers need not care.
  const live = extended ? '(rb_expires_at IS NULL OR rb_expires_at > ?)' : '(? IS NOT NULL)';
  const expired = extended ? '(rb_expires_at <= ?)' : '(? IS NULL)';
  const upsert = upsertOf(task, columns, extended);

  return {
    extended,
    put(rows, now) {
      const statements: Statement[] = [];
      for (let start = 0; start < rows.length; ) {
        const size = Math.min(MAX_ROWS, 2 ** Math.floor(Math.log2(rows.length - start)));
        const params: SqlValue[] = [];
        for (const row of rows.slice(start, start + size)) for (const column of columns) params.push(row[column]);
        if (extended) params.push(now);
        statements.push({ sql: upsert(size), params });
        start += size;
      }
      return statements;
    },
    get: (taskIds, now) => ({
      sql: `SELECT ${columns.join(', ')} FROM ${task} WHERE task_id IN (SELECT value FROM json_each(?)) AND ${live}`,
      params: [JSON.stringify(taskIds), now],
    }),
    delete: (taskIds, now) => [
      {
        sql: `DELETE FROM ${task} WHERE task_id IN (SELECT value FROM json_each(?)) RETURNING ${live} AS live`,
        params: [JSON.stringify(taskIds), now],
      },
    ],
    versions: (taskIds) => ({
      // AUTOINCREMENT never gives an id twice, so a row that was deleted and stored again differs too.
      sql: `SELECT task_id, id || '.' || ${extended ? 'coalesce(rb_revision, 0)' : "status || '.' || coalesce(date_done, '')"}
        AS version FROM ${task} WHERE task_id IN (SELECT value FROM json_each(?))`,
      params: [JSON.stringify(taskIds)],
    }),
    changeToken: () => ({
      // data_version tells what other connections wrote; total_changes() what this one did.
      sql: shared
        ? "SELECT data_version || '.' || total_changes() AS token FROM pragma_data_version"
        : 'SELECT data_version AS token FROM pragma_data_version',
      params: [],
    }),
    scan: (query) => scanStatement(task, columns, live, query),
    stats: (now) => [
      { sql: `SELECT status, count(*) AS n FROM ${task} GROUP BY status`, params: [] },
      { sql: `SELECT status, count(*) AS n FROM ${task} WHERE ${expired} GROUP BY status`, params: [now] },
      {
        sql: `SELECT date_done FROM ${task} WHERE date_done IS NOT NULL
          AND status IN ('SUCCESS', 'FAILURE', 'REVOKED') AND ${live} ORDER BY date_done LIMIT 1`,
        params: [now],
      },
      { sql: 'SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()', params: [] },
    ],
    sweepTasks: (limit, now) => sweep(task, expired, limit, now),
    sweepGroups: (limit, now) => sweep(quoted(tables.group), expired, limit, now),
    ...groupStatements(tables, extended, live),
  };
}

/** Inputs: the columns of `size` rows, then now. Returns the ids of the rows that were written. */
function upsertOf(task: string, columns: readonly string[], extended: boolean): (size: number) => string {
  const names = [...columns, ...(extended ? ['rb_revision'] : [])];
  const row = `(${names.map((name) => (name === 'rb_revision' ? '1' : '?')).join(', ')})`;
  const assignments = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  if (extended) assignments.push('rb_revision = coalesce(rb_revision, 0) + 1');
  const tail = `ON CONFLICT (task_id) DO UPDATE SET ${assignments.join(', ')}
    WHERE status IS NOT 'SUCCESS'${extended ? ' OR rb_expires_at <= ?' : ''} RETURNING task_id`;
  const made = new Map<number, string>();
  return (size) => {
    const sql =
      made.get(size) ?? `INSERT INTO ${task} (${names.join(', ')}) VALUES ${Array(size).fill(row).join(', ')} ${tail}`;
    made.set(size, sql);
    return sql;
  };
}

/** Inputs: now, limit. The row that is deleted is the row that was found expired: nothing comes between in one statement. */
const sweep = (table: string, expired: string, limit: number, now: number): Statement => ({
  sql: `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${expired} ORDER BY rb_expires_at LIMIT ?)`,
  params: [now, limit],
});
