import type { SqlValue, Statement } from '../executor.js';
import { assignmentsOf, type Layout } from '../layout.js';
import type { StoredRow } from '../task-row.js';
import { stored } from './stored.js';
import { SEQUENCES } from './tables.js';

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
  layout: Layout,
  rows: readonly StoredRow[],
  numbering: 'auto' | 'sequence',
  additions: Additions | undefined,
): Statement[] {
  return additions === undefined
    ? plainPut(task, layout, rows, numbering)
    : extendedPut(task, layout, rows, numbering, additions);
}

function extendedPut(
  task: string,
  layout: Layout,
  rows: readonly StoredRow[],
  numbering: 'auto' | 'sequence',
  { token, expired, now }: Additions,
): Statement[] {
  const columns = [...layout.columns, ...layout.additions, 'rb_done_at'];
  const params = rows.flatMap((row) => columns.map((column) => stored(layout, column, row[column])));
  const names = [...columns, 'rb_revision', 'rb_sealed_at', 'rb_touched_at'];
  const written = assignmentsOf(
    layout,
    names.filter((name) => name !== 'rb_revision'),
    (name) => `VALUES(${name})`,
    (name) => name,
  );
  // Assignments take effect from left to right: the first decides, while the old values are still there, and the others go by it.
  const sql = `${insertInto(task, names, numbering)}
    ${valueLists(rows.length, columns.length, numbering, `, ${token}, NOW(6), NOW(6)`)}
    ON DUPLICATE KEY UPDATE rb_revision = IF(NOT (status <=> 'SUCCESS') OR ${expired}, ${token}, rb_revision),
    ${written.map(({ name, value }) => `${name} = IF(rb_revision = ${token}, ${value}, ${name})`).join(', ')}`;
  return [
    { sql, params: [...params, now] },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${rows.map(() => '?').join(', ')}) AND rb_revision = ${token}`,
      params: rows.map((row) => row.task_id),
    },
  ];
}

/** The others' own columns cannot tell who wrote them: so all rows are made and locked first, and looked at before they are written. */
function plainPut(
  task: string,
  layout: Layout,
  rows: readonly StoredRow[],
  numbering: 'auto' | 'sequence',
): Statement[] {
  const { columns, required } = layout;
  const ids = rows.map((row) => row.task_id);
  const valuesOf = (names: readonly string[]): SqlValue[] =>
    rows.flatMap((row) => names.map((column) => stored(layout, column, row[column])));
  const final = "status <=> 'SUCCESS'";
  // `status` last: the others go by what it was.
  const written = assignmentsOf(
    layout,
    [...columns.filter((column) => column !== 'status'), 'status'],
    (name) => `VALUES(${name})`,
    (name) => name,
  );
  const locked = ['task_id', ...required];
  return [
    {
      sql: `${insertInto(task, [...locked, 'status'], numbering)} ${valueLists(rows.length, locked.length, numbering, ", 'PENDING'")}
        ON DUPLICATE KEY UPDATE task_id = ${task}.task_id`,
      params: valuesOf(locked),
    },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${ids.map(() => '?').join(', ')}) AND NOT (${final})`,
      params: ids,
    },
    {
      sql: `${insertInto(task, columns, numbering)} ${valueLists(rows.length, columns.length, numbering, '')}
        ON DUPLICATE KEY UPDATE ${written.map(({ name, value }) => `${name} = IF(${final}, ${name}, ${value})`).join(', ')}`,
      params: valuesOf(columns),
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
