import type { Statements } from '../dialect.js';
import type { SqlValue, Statement } from '../executor.js';
import { assignmentsOf, columnsOf, type Layout } from '../layout.js';
import { groupStatements } from './group-statements.js';
import { scanStatement } from './scan-statement.js';
import { quoted, type Tables } from './tables.js';

/**
 * Rows of one INSERT; a batch is as many of them as it takes, in powers of two, so that a few prepared statements serve
 * every size. Longer ones are slower: of 500 rows in one transaction, 64 at a time took 1.5 ms, 256 1.8 ms, one 2.7 ms.
 */
const MAX_ROWS = 64;

/**
 * What tells two writes apart where no column counts them: the date, and while the task is not ready, what was written. The
 * same record written again need not be told from the first.
 */
const UNCOUNTED =
  "status || '.' || coalesce(date_done, '') || '.' || coalesce(length(result), '') || " +
  "CASE WHEN status IN ('SUCCESS', 'FAILURE', 'REVOKED') THEN '' ELSE coalesce(hex(result), '') END";

/** AUTOINCREMENT never gives an id twice, so a row that was deleted and stored again differs too. */
export const versionOf = (extended: boolean): string =>
  `id || '.' || ${extended ? 'coalesce(rb_revision, 0)' : UNCOUNTED}`;

/**
 * SQLite's statements for tables with this package's columns, or for exactly the others'.
 *
 * @param shared Whether others write through the same connection.
 */
export function sqliteStatements(tables: Tables, layout: Layout, extended: boolean, shared: boolean): Statements {
  const task = quoted(tables.task);
  const columns = columnsOf(layout, extended);
  // Without deadlines the predicates are constant, but bind `now` all the same: so callers need not care.
  const live = extended ? '(rb_expires_at IS NULL OR rb_expires_at > ?)' : '(? IS NOT NULL)';
  const expired = extended ? '(rb_expires_at <= ?)' : '(? IS NULL)';
  // Leaving the others to their default NULL saves a third of the time.
  const usual = columns.filter((column) => layout.usual.has(column));
  const unusual = columns.filter((column) => !layout.usual.has(column));
  const upsert = upsertOf(task, layout, columns, extended);

  return {
    extended,
    put(rows, now, restoring = false) {
      const used = rows.some((row) => unusual.some((column) => row[column] !== null)) ? columns : usual;
      const statements: Statement[] = [];
      for (let start = 0; start < rows.length; ) {
        const size = Math.min(MAX_ROWS, 2 ** Math.floor(Math.log2(rows.length - start)));
        const params: SqlValue[] = [];
        for (const row of rows.slice(start, start + size)) {
          for (const column of used) params.push(row[column] ?? null);
          if (extended) params.push(now);
        }
        if (extended) params.push(now);
        statements.push({ sql: upsert(used, size, restoring), params });
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
      sql: `SELECT task_id, ${versionOf(extended)} AS version FROM ${task} WHERE task_id IN (SELECT value FROM json_each(?))`,
      params: [JSON.stringify(taskIds)],
    }),
    changeToken: () => ({
      // data_version tells what other connections wrote; total_changes() what this one did.
      sql: shared
        ? "SELECT data_version || '.' || total_changes() AS token FROM pragma_data_version"
        : 'SELECT data_version AS token FROM pragma_data_version',
      params: [],
    }),
    scan: (query) => scanStatement(task, columns, layout, live, query),
    stats: (now) => [
      { sql: `SELECT status, count(*) AS n FROM ${task} GROUP BY status`, params: [] },
      { sql: `SELECT status, count(*) AS n FROM ${task} WHERE ${expired} GROUP BY status`, params: [now] },
      {
        // What is no date at all must not hide the oldest one.
        sql: `SELECT date_done FROM ${task} WHERE date_done GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*'
          AND status IN ('SUCCESS', 'FAILURE', 'REVOKED') AND ${live} ORDER BY date_done LIMIT 1`,
        params: [now],
      },
      { sql: 'SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()', params: [] },
    ],
    sweepTasks: (limit, now) => sweep(task, expired, limit, now),
    sweepGroups: (limit, now) => sweep(quoted(tables.group), expired, limit, now),
    ...groupStatements(tables, layout, extended, live),
  };
}

/** Without a date either is not ready, and so not older. */
const FAILED_BEFORE = "(status IN ('FAILURE', 'REVOKED') AND date_done < excluded.date_done)";

/** Inputs: the used columns of `size` rows, each followed by now, then now. Returns the ids of the rows that were written. */
function upsertOf(task: string, layout: Layout, columns: readonly string[], extended: boolean) {
  const assignments = assignmentsOf(
    layout,
    columns,
    (column) => `excluded.${column}`,
    (column) => column,
  ).map(({ name, value }) => `${name} = ${value}`);
  if (extended)
    assignments.push('rb_revision = coalesce(rb_revision, 0) + 1', 'rb_updated_at = excluded.rb_updated_at');
  const tail = (replaced: string): string => `ON CONFLICT (task_id) DO UPDATE SET ${assignments.join(', ')}
    WHERE ${replaced}${extended ? ' OR rb_expires_at <= ?' : ''} RETURNING task_id`;
  const made = new Map<string, string>();
  return (used: readonly string[], size: number, restoring: boolean): string => {
    const key = `${used.length} ${size} ${restoring}`;
    const replaced = restoring ? FAILED_BEFORE : "status IS NOT 'SUCCESS'";
    const sql = made.get(key) ?? `${insertOf(task, used, extended, size)} ${tail(replaced)}`;
    made.set(key, sql);
    return sql;
  };
}

function insertOf(task: string, used: readonly string[], extended: boolean, size: number): string {
  const names = [...used, ...(extended ? ['rb_updated_at', 'rb_revision'] : [])];
  const row = `(${names.map((name) => (name === 'rb_revision' ? '1' : '?')).join(', ')})`;
  return `INSERT INTO ${task} (${names.join(', ')}) VALUES ${Array(size).fill(row).join(', ')}`;
}

/** Inputs: now, limit. The row that is deleted is the row that was found expired: nothing comes between in one statement. */
const sweep = (table: string, expired: string, limit: number, now: number): Statement => ({
  sql: `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${expired} ORDER BY rb_expires_at LIMIT ?)`,
  params: [now, limit],
});
