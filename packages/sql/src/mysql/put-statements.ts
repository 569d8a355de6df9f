import type { SqlValue, Statement } from '../executor.js';
import { CELERY_COLUMNS, EXTENSION_COLUMNS, type TaskRow } from '../task-row.js';
import { IDS, SEQUENCES } from './tables.js';

export interface Additions {
  /** Of this put alone: what carries it afterwards was written by it. */
  readonly token: number;
  /** Predicate of an expired row; binds now. */
  readonly expired: string;
  readonly now: number;
}

/**
 * The conditional upsert of rows with different ids, then the ids that were written. Neither database returns rows of an
 * update, so the second statement asks; the rows stay locked in between, in one transaction.
 */
export function putStatements(
  task: string,
  rows: readonly TaskRow[],
  numbering: 'auto' | 'sequence',
  restoring: boolean,
  additions: Additions | undefined,
): Statement[] {
  if (additions !== undefined) return extendedPut(task, rows, numbering, restoring, additions);
  return restoring ? celeryRestore(task, rows, numbering) : celeryPut(task, rows, numbering);
}

/** Without a date either is not ready, and so not older. */
const FAILED_BEFORE = "(status IN ('FAILURE', 'REVOKED') AND date_done < VALUES(date_done))";

function extendedPut(
  task: string,
  rows: readonly TaskRow[],
  numbering: 'auto' | 'sequence',
  restoring: boolean,
  { token, expired, now }: Additions,
): Statement[] {
  const columns = [...CELERY_COLUMNS, ...EXTENSION_COLUMNS, 'rb_done_at'];
  const params: SqlValue[] = rows.flatMap((row) => [
    ...CELERY_COLUMNS.map((column) => storedIn(row, column)),
    ...EXTENSION_COLUMNS.map((column) => row[column]),
    row.date_done,
  ]);
  const names = [...columns, 'rb_revision', 'rb_sealed_at', 'rb_touched_at'];
  const written = names.filter((name) => name !== 'task_id' && name !== 'rb_revision');
  const replaced = restoring ? FAILED_BEFORE : "NOT (status <=> 'SUCCESS')";
  // Assignments take effect from left to right: the first decides, while the old values are still there, and the others go by it.
  const sql = `${insertInto(task, names, numbering)}
    ${valueLists(rows.length, columns.length, numbering, `, ${token}, NOW(6), NOW(6)`)}
    ON DUPLICATE KEY UPDATE rb_revision = IF(${replaced} OR ${expired}, ${token}, rb_revision),
    ${written.map((name) => `${name} = IF(rb_revision = ${token}, VALUES(${name}), ${name})`).join(', ')}`;
  return [
    { sql, params: [...params, now] },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${rows.map(() => '?').join(', ')}) AND rb_revision = ${token}`,
      params: rows.map((row) => row.task_id),
    },
  ];
}

/** Celery's own columns cannot tell who wrote them: so all rows are made and locked first, and looked at before they are written. */
function celeryPut(task: string, rows: readonly TaskRow[], numbering: 'auto' | 'sequence'): Statement[] {
  const ids = rows.map((row) => row.task_id);
  const final = "status <=> 'SUCCESS'";
  // `status` last: the others go by what it was.
  const written = [...CELERY_COLUMNS.filter((column) => column !== 'task_id' && column !== 'status'), 'status'];
  return [
    {
      sql: `${insertInto(task, ['task_id', 'status'], numbering)} ${valueLists(rows.length, 1, numbering, ", 'PENDING'")}
        ON DUPLICATE KEY UPDATE task_id = ${task}.task_id`,
      params: ids,
    },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${ids.map(() => '?').join(', ')}) AND NOT (${final})`,
      params: ids,
    },
    {
      sql: `${insertInto(task, CELERY_COLUMNS, numbering)} ${valueLists(rows.length, CELERY_COLUMNS.length, numbering, '')}
        ON DUPLICATE KEY UPDATE ${written.map((name) => `${name} = IF(${final}, ${name}, VALUES(${name}))`).join(', ')}`,
      params: rows.flatMap((row) => CELERY_COLUMNS.map((column) => storedIn(row, column))),
    },
  ];
}

/** Only what is missing: Celery's own columns cannot tell afterwards which of the rows that were there it has replaced. */
function celeryRestore(task: string, rows: readonly TaskRow[], numbering: 'auto' | 'sequence'): Statement[] {
  return [
    {
      sql: `SELECT j.id AS task_id FROM ${IDS} WHERE NOT EXISTS (SELECT 1 FROM ${task} t WHERE t.task_id = j.id)`,
      params: [JSON.stringify(rows.map((row) => row.task_id))],
    },
    {
      sql: `${insertInto(task, CELERY_COLUMNS, numbering)} ${valueLists(rows.length, CELERY_COLUMNS.length, numbering, '')}
        ON DUPLICATE KEY UPDATE task_id = ${task}.task_id`,
      params: rows.flatMap((row) => CELERY_COLUMNS.map((column) => storedIn(row, column))),
    },
  ];
}

const insertInto = (task: string, names: readonly string[], numbering: 'auto' | 'sequence'): string =>
  `INSERT INTO ${task} (${numbering === 'sequence' ? 'id, ' : ''}${names.join(', ')})`;

function valueLists(rows: number, columns: number, numbering: 'auto' | 'sequence', more: string): string {
  const id = numbering === 'sequence' ? `NEXTVAL(${SEQUENCES.task}), ` : '';
  return `VALUES ${Array(rows)
    .fill(`(${id}${Array(columns).fill('?').join(', ')}${more})`)
    .join(', ')}`;
}

/** Celery's DATETIME has no fraction; MySQL would round one up, into a second that has not been. */
const storedIn = (row: TaskRow, column: (typeof CELERY_COLUMNS)[number]): SqlValue =>
  column === 'date_done' ? (row.date_done?.slice(0, 19) ?? null) : row[column];
