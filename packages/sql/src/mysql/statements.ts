import { randomInt } from 'node:crypto';
import type { Statements } from '../dialect.js';
import type { SqlRow, Statement } from '../executor.js';
import type { Layout } from '../layout.js';
import { lengthOf, type StoredRow } from '../task-row.js';
import { groupStatements } from './group-statements.js';
import { putShape } from './put-shape.js';
import { putStatements, restoreStatements } from './put-statements.js';
import { scanStatement } from './scan-statement.js';
import { quoted, type Tables } from './tables.js';

/** How rows get their ids: by the column itself, or by the sequence that Celery makes on MariaDB. */
export interface Numbering {
  readonly task: 'auto' | 'sequence';
  readonly group: 'auto' | 'sequence';
}

/** Ours is the last write of the row: Celery's would have moved rb_touched_at (ON UPDATE), and what we had added is void. */
export const SEALED = '(rb_sealed_at <=> rb_touched_at)';

/** MySQL's and MariaDB's statements for tables with this package's columns, or for exactly the others'. */
export function mysqlStatements(tables: Tables, layout: Layout, extended: boolean, numbering: Numbering): Statements {
  const task = quoted(tables.task);
  // Without deadlines the predicates are constant, but bind `now` all the same: so callers need not care.
  const live = extended ? `(rb_expires_at IS NULL OR rb_expires_at > ? OR NOT ${SEALED})` : '(? IS NOT NULL)';
  const expired = extended ? `(rb_expires_at <= ? AND ${SEALED})` : '(? IS NULL)';
  const columns = extended ? withSeal(layout) : layout.columns.join(', ');
  const shape = putShape(task, layout, numbering.task, expired);

  return {
    extended,
    put: (rows, now, restoring = false) => {
      const build = restoring ? restoreStatements : putStatements;
      const additions = () => (extended ? { token: randomInt(1, 2 ** 48 - 1), expired, now } : undefined);
      return batches(rows).flatMap((batch) => build(shape, batch, additions()));
    },
    get: (taskIds, now) => ({
      sql: `SELECT ${columns} FROM ${task} WHERE task_id IN (${marks(taskIds)}) AND ${live}`,
      params: [...taskIds, now],
    }),
    // What had expired goes first, uncounted; then one statement finds and deletes, so that nothing comes in between.
    delete: (taskIds, now) => [
      { sql: `DELETE FROM ${task} WHERE task_id IN (${marks(taskIds)}) AND ${expired}`, params: [...taskIds, now] },
      { sql: `DELETE FROM ${task} WHERE task_id IN (${marks(taskIds)})`, params: taskIds },
      {
        sql: "SELECT 1 AS live FROM JSON_TABLE(?, '$[*]' COLUMNS (n FOR ORDINALITY)) j WHERE j.n <= ROW_COUNT()",
        params: [JSON.stringify(taskIds)],
      },
    ],
    versions: (taskIds) => ({
      sql: `SELECT task_id, ${versionOf(extended)} AS version FROM ${task} WHERE task_id IN (${marks(taskIds)})`,
      params: taskIds,
    }),
    // Nothing cheap tells that anybody committed, so the versions are looked at each time.
    changeToken: () => undefined,
    scan: (query) => scanStatement(task, columns, live, layout, extended ? SEALED : undefined, query),
    stats: (now) => [
      { sql: `SELECT status, COUNT(*) AS n FROM ${task} GROUP BY status`, params: [] },
      { sql: `SELECT status, COUNT(*) AS n FROM ${task} WHERE ${expired} GROUP BY status`, params: [now] },
      {
        sql: `SELECT ${extended ? `date_done, ${ours('rb_done_at')}` : 'date_done'} FROM ${task} WHERE date_done IS NOT NULL
          AND status IN ('SUCCESS', 'FAILURE', 'REVOKED') AND ${live} ORDER BY ${task}.date_done LIMIT 1`,
        params: [now],
      },
      {
        sql: 'SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN (?, ?)',
        params: [tables.task, tables.group],
      },
    ],
    sweepTasks: (limit, now) => sweep(task, expired, limit, now),
    sweepGroups: (limit, now) => sweep(quoted(tables.group), extended ? '(rb_expires_at <= ?)' : expired, limit, now),
    ...groupStatements(tables, layout, extended, numbering.group),
  };
}

const marks = (values: readonly unknown[]): string =>
  values.length === 0 ? 'NULL' : Array(values.length).fill('?').join(', ');

/** Whether ours counts is told beside it: asked once for a row, not once for each of its columns. */
const withSeal = ({ columns, additions }: Layout): string =>
  [...columns, ...additions, 'rb_done_at', `${SEALED} AS rb_sealed`].join(', ');

/** What counts of a row that was read so. */
export function countedBy({ additions }: Layout): (row: SqlRow) => SqlRow {
  const nothing = Object.fromEntries([...additions, 'rb_done_at'].map((column) => [column, null]));
  return (row) => (row.rb_sealed === 0 ? { ...row, ...nothing } : row);
}

/** The same by the statement alone. */
export function selected({ columns, additions }: Layout, extended: boolean): string {
  if (!extended) return columns.join(', ');
  return [...columns, ...[...additions, 'rb_done_at'].map(ours)].join(', ');
}

const ours = (column: string): string => `IF(${SEALED}, ${column}, NULL) AS ${column}`;

/** Ids are never given twice, so a row that was deleted and stored again differs too. */
export const versionOf = (extended: boolean): string =>
  extended
    ? "CONCAT_WS('.', id, rb_revision, rb_touched_at)"
    : "CONCAT_WS('.', id, status, date_done, CRC32(result), LENGTH(result))";

/** The longest expired first. */
const sweep = (table: string, expired: string, limit: number, now: number): Statement => ({
  sql: `DELETE FROM ${table} WHERE ${expired} ORDER BY rb_expires_at LIMIT ?`,
  params: [now, limit],
});

/** Characters of parameters in one statement: with bytes written as two digits each it stays far below max_allowed_packet. */
const MAX_CHARS = 2 ** 20;
/** Rows of one INSERT. */
const MAX_ROWS = 500;

/** An id stands once in a statement. Sorted: whoever locks rows in the same order is in nobody's way. */
function batches(rows: readonly StoredRow[]): readonly (readonly StoredRow[])[] {
  if (rows.length === 1) return [rows];
  const waves: StoredRow[][] = [];
  const seen = new Map<string, number>();
  for (const row of rows) {
    const wave = seen.get(row.task_id) ?? 0;
    seen.set(row.task_id, wave + 1);
    const wavesRows = waves[wave];
    if (wavesRows === undefined) waves[wave] = [row];
    else wavesRows.push(row);
  }
  return waves.flatMap((wave) => split(wave.sort((a, b) => (a.task_id < b.task_id ? -1 : 1))));
}

function split(rows: readonly StoredRow[]): StoredRow[][] {
  const parts: StoredRow[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const size = charsOf(row);
    const current = parts.at(-1);
    if (current === undefined || current.length === MAX_ROWS || chars + size > MAX_CHARS) {
      parts.push([row]);
      chars = size;
    } else {
      current.push(row);
      chars += size;
    }
  }
  return parts;
}

/** Bytes are written as two characters each. What the short columns hold, with what stands between values, comes on top. */
const charsOf = (row: StoredRow): number => 1_024 + 2 * lengthOf(row);
