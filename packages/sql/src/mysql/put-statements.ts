import type { SqlValue, Statement } from '../executor.js';
import { assignmentsOf, type Layout } from '../layout.js';
import type { StoredRow } from '../task-row.js';
import type { GuardedStatement } from './guarded.js';
import { stored } from './stored.js';
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
  shape: PutShape,
  rows: readonly StoredRow[],
  numbering: Numbered,
  additions: Additions | undefined,
): readonly Statement[] {
  return additions === undefined
    ? plainPut(task, shape.layout, rows, numbering)
    : [guardedPut(task, shape, rows, numbering, additions)];
}

/** The same for records of an archive, which replace only what failed before they were done. */
export function restoreStatements(
  task: string,
  shape: PutShape,
  rows: readonly StoredRow[],
  numbering: Numbered,
  additions: Additions | undefined,
): readonly Statement[] {
  // Without a date either is not ready, and so not older.
  const failedBefore = "(status IN ('FAILURE', 'REVOKED') AND date_done < VALUES(date_done))";
  return additions === undefined
    ? plainRestore(task, shape.layout, rows, numbering)
    : selectivePut(task, shape, rows, numbering, additions, failedBefore);
}

/** Set by the statement itself, for each row. */
const BY_STATEMENT = ['rb_revision', 'rb_sealed_at', 'rb_touched_at'];
/** What of a layout each put needs. */
export interface PutShape {
  readonly layout: Layout;
  readonly columns: readonly string[];
  /** Of most records only these have a value; the others are left to their default NULL. */
  readonly usual: readonly string[];
  readonly unusual: readonly string[];
  /** Names and new values of what a rewrite changes. */
  readonly written: ReturnType<typeof assignmentsOf>;
}

export function putShape(layout: Layout): PutShape {
  const columns = [...layout.columns, ...layout.additions, 'rb_done_at'];
  const isUsual = (column: string): boolean => layout.usual.has(column) || column === 'rb_done_at';
  return {
    layout,
    columns,
    usual: columns.filter(isUsual),
    unusual: columns.filter((column) => !isUsual(column)),
    written: writtenOf(layout, [...columns, 'rb_sealed_at', 'rb_touched_at']),
  };
}

const writtenOf = (layout: Layout, columns: readonly string[]) =>
  assignmentsOf(
    layout,
    columns,
    (name) => `VALUES(${name})`,
    (name) => name,
  );

/** Byte by byte: by the collation of a table found, the state `success` would be final too. */
const FINAL = "(CAST(status AS BINARY) <=> 'SUCCESS')";

/** More than a BIGINT can be, whatever the id: error 1690. With constants alone the statement would never run. */
const STOP = '9223372036854775807 + ABS(id) + 1';

/** All or nothing by one statement: a live SUCCESS among the rows stops it. */
function guardedPut(
  task: string,
  shape: PutShape,
  rows: readonly StoredRow[],
  numbering: Numbered,
  additions: Additions,
): GuardedStatement {
  const { layout, columns, usual, unusual, written } = shape;
  const used = rows.some((row) => unusual.some((column) => row[column] !== null)) ? columns : usual;
  const { token, expired, now } = additions;
  const params: SqlValue[] = [];
  for (const row of rows) {
    for (const column of used) params.push(stored(layout, column, row[column]));
    params.push(token);
  }
  params.push(now);
  return {
    // The first assignment decides, while the old values are still there.
    sql: `${insertInto(task, [...used, ...BY_STATEMENT], numbering)}
      ${valueLists(rows.length, used.length, numbering, ', ?, NOW(6), NOW(6)')}
      ON DUPLICATE KEY UPDATE rb_revision = IF(NOT ${FINAL} OR ${expired}, VALUES(rb_revision), ${STOP}),
      ${written.map(({ name, value }) => `${name} = ${value}`).join(', ')}`,
    params,
    written: rows.map(({ task_id }) => ({ task_id })),
    otherwise: () => selectivePut(task, shape, rows, numbering, additions),
    prepared: rows.length === 1,
  };
}

/**
 * Writes what may be written, then asks for it by the put's token: neither database returns rows of an update. The rows stay
 * locked in between.
 */
function selectivePut(
  task: string,
  { layout, columns, written }: PutShape,
  rows: readonly StoredRow[],
  numbering: Numbered,
  { token, expired, now }: Additions,
  replaced = `NOT ${FINAL}`,
): Statement[] {
  // Assignments take effect from left to right: the others go by what the first has decided.
  const sql = `${insertInto(task, [...columns, ...BY_STATEMENT], numbering)}
    ${valueLists(rows.length, columns.length, numbering, `, ${token}, NOW(6), NOW(6)`)}
    ON DUPLICATE KEY UPDATE rb_revision = IF(${replaced} OR ${expired}, ${token}, rb_revision),
    ${written.map(({ name, value }) => `${name} = IF(rb_revision = ${token}, ${value}, ${name})`).join(', ')}`;
  return [
    { sql, params: [...rows.flatMap((row) => columns.map((column) => stored(layout, column, row[column]))), now] },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${rows.map(() => '?').join(', ')}) AND rb_revision = ${token}`,
      params: rows.map((row) => row.task_id),
    },
  ];
}

/** The others' own columns cannot tell who wrote them: so all rows are made and locked first, and looked at before they are written. */
function plainPut(task: string, layout: Layout, rows: readonly StoredRow[], numbering: Numbered): Statement[] {
  const { columns, required } = layout;
  const ids = rows.map((row) => row.task_id);
  const valuesOf = (names: readonly string[]): SqlValue[] =>
    rows.flatMap((row) => names.map((column) => stored(layout, column, row[column])));
  // `status` last: the others go by what it was.
  const written = writtenOf(layout, [...columns.filter((column) => column !== 'status'), 'status']);
  const locked = ['task_id', ...required];
  return [
    {
      sql: `${insertInto(task, [...locked, 'status'], numbering)} ${valueLists(rows.length, locked.length, numbering, ", 'PENDING'")}
        ON DUPLICATE KEY UPDATE task_id = ${task}.task_id`,
      params: valuesOf(locked),
    },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${ids.map(() => '?').join(', ')}) AND NOT ${FINAL}`,
      params: ids,
    },
    {
      sql: `${insertInto(task, columns, numbering)} ${valueLists(rows.length, columns.length, numbering, '')}
        ON DUPLICATE KEY UPDATE ${written.map(({ name, value }) => `${name} = IF(${FINAL}, ${name}, ${value})`).join(', ')}`,
      params: valuesOf(columns),
    },
  ];
}

/** Only what is missing: the others' own columns cannot tell afterwards which of the rows that were there it has replaced. */
function plainRestore(task: string, layout: Layout, rows: readonly StoredRow[], numbering: Numbered): Statement[] {
  const { columns } = layout;
  return [
    {
      sql: `SELECT j.id AS task_id FROM ${IDS} WHERE NOT EXISTS (SELECT 1 FROM ${task} t WHERE t.task_id = j.id)`,
      params: [JSON.stringify(rows.map((row) => row.task_id))],
    },
    {
      sql: `${insertInto(task, columns, numbering)} ${valueLists(rows.length, columns.length, numbering, '')}
        ON DUPLICATE KEY UPDATE task_id = ${task}.task_id`,
      params: rows.flatMap((row) => columns.map((column) => stored(layout, column, row[column]))),
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
