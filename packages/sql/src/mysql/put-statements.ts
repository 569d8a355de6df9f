import type { SqlValue, Statement } from '../executor.js';
import { CELERY_COLUMNS, EXTENSION_COLUMNS, type TaskRow } from '../task-row.js';
import type { GuardedStatement } from './guarded.js';
import { IDS, SEQUENCES } from './tables.js';

export interface Additions {
  /** Of this put alone: what carries it afterwards was written by it. */
  readonly token: number;
  /** Predicate of an expired row; binds now. */
  readonly expired: string;
  readonly now: number;
}

/** How rows get their ids: by the column itself, or by a sequence. */
export type Numbered = 'auto' | 'sequence';

/** The conditional upsert of rows with different ids; answers the ids that were written. */
export function putStatements(
  task: string,
  rows: readonly TaskRow[],
  numbering: Numbered,
  additions: Additions | undefined,
): readonly Statement[] {
  return additions === undefined ? celeryPut(task, rows, numbering) : [guardedPut(task, rows, numbering, additions)];
}

/** The same for records of an archive, which replace only what failed before they were done. */
export function restoreStatements(
  task: string,
  rows: readonly TaskRow[],
  numbering: Numbered,
  additions: Additions | undefined,
): readonly Statement[] {
  // Without a date either is not ready, and so not older.
  const failedBefore = "(status IN ('FAILURE', 'REVOKED') AND date_done < VALUES(date_done))";
  return additions === undefined
    ? celeryRestore(task, rows, numbering)
    : selectivePut(task, rows, numbering, additions, failedBefore);
}

type Column = keyof TaskRow;

const COLUMNS: readonly Column[] = [...CELERY_COLUMNS, ...EXTENSION_COLUMNS, 'rb_done_at'];
/** Of most records only these have a value; the others are left to their default NULL. */
const USUAL: readonly Column[] = [
  'task_id',
  'status',
  'result',
  'date_done',
  'traceback',
  'rb_expires_at',
  'rb_done_at',
];
const UNUSUAL = [...CELERY_COLUMNS, ...EXTENSION_COLUMNS].filter((column) => !USUAL.includes(column));
const isUnusual = (row: TaskRow): boolean => UNUSUAL.some((column) => row[column] !== null);

/** Set by the statement itself, for each row. */
const BY_STATEMENT = ['rb_revision', 'rb_sealed_at', 'rb_touched_at'];
const WRITTEN = [...COLUMNS.filter((column) => column !== 'task_id'), 'rb_sealed_at', 'rb_touched_at'];

const NOT_FINAL = "NOT (status <=> 'SUCCESS')";

/** More than a BIGINT can be, whatever the id: error 1690. With constants alone the statement would never run. */
const STOP = '9223372036854775807 + ABS(id) + 1';

/** All or nothing by one statement: a live SUCCESS among the rows stops it. */
function guardedPut(
  task: string,
  rows: readonly TaskRow[],
  numbering: Numbered,
  additions: Additions,
): GuardedStatement {
  const used = rows.some(isUnusual) ? COLUMNS : USUAL;
  const { token, expired, now } = additions;
  const params: SqlValue[] = [];
  for (const row of rows) {
    for (const column of used) params.push(storedIn(row, column));
    params.push(token);
  }
  params.push(now);
  return {
    // The first assignment decides, while the old values are still there.
    sql: `${insertInto(task, [...used, ...BY_STATEMENT], numbering)}
      ${valueLists(rows.length, used.length, numbering, ', ?, NOW(6), NOW(6)')}
      ON DUPLICATE KEY UPDATE rb_revision = IF(${NOT_FINAL} OR ${expired}, VALUES(rb_revision), ${STOP}),
      ${WRITTEN.map((name) => `${name} = VALUES(${name})`).join(', ')}`,
    params,
    written: rows.map(({ task_id }) => ({ task_id })),
    otherwise: () => selectivePut(task, rows, numbering, additions),
    prepared: rows.length === 1,
  };
}

/**
 * Writes what may be written, then asks for it by the put's token: neither database returns rows of an update. The rows stay
 * locked in between.
 */
function selectivePut(
  task: string,
  rows: readonly TaskRow[],
  numbering: Numbered,
  { token, expired, now }: Additions,
  replaced = NOT_FINAL,
): Statement[] {
  // Assignments take effect from left to right: the others go by what the first has decided.
  const sql = `${insertInto(task, [...COLUMNS, ...BY_STATEMENT], numbering)}
    ${valueLists(rows.length, COLUMNS.length, numbering, `, ${token}, NOW(6), NOW(6)`)}
    ON DUPLICATE KEY UPDATE rb_revision = IF(${replaced} OR ${expired}, ${token}, rb_revision),
    ${WRITTEN.map((name) => `${name} = IF(rb_revision = ${token}, VALUES(${name}), ${name})`).join(', ')}`;
  return [
    { sql, params: [...rows.flatMap((row) => COLUMNS.map((column) => storedIn(row, column))), now] },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${rows.map(() => '?').join(', ')}) AND rb_revision = ${token}`,
      params: rows.map((row) => row.task_id),
    },
  ];
}

/** Celery's own columns cannot tell who wrote them: so all rows are made and locked first, and looked at before they are written. */
function celeryPut(task: string, rows: readonly TaskRow[], numbering: Numbered): Statement[] {
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
function celeryRestore(task: string, rows: readonly TaskRow[], numbering: Numbered): Statement[] {
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

const insertInto = (task: string, names: readonly string[], numbering: Numbered): string =>
  `INSERT INTO ${task} (${numbering === 'sequence' ? 'id, ' : ''}${names.join(', ')})`;

function valueLists(rows: number, columns: number, numbering: Numbered, more: string): string {
  const id = numbering === 'sequence' ? `NEXTVAL(${SEQUENCES.task}), ` : '';
  return `VALUES ${Array(rows)
    .fill(`(${id}${Array(columns).fill('?').join(', ')}${more})`)
    .join(', ')}`;
}

/** Celery's DATETIME has no fraction; MySQL would round one up, into a second that has not been. */
const storedIn = (row: TaskRow, column: Column): SqlValue =>
  column === 'date_done' ? (row.date_done?.slice(0, 19) ?? null) : row[column];
