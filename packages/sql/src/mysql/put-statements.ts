import type { SqlValue, Statement } from '../executor.js';
import type { StoredRow } from '../task-row.js';
import type { GuardedStatement } from './guarded.js';
import { plainPut, plainRestore } from './plain-put-statements.js';
import { BY_STATEMENT, FINAL, type GuardedText, ifOwn, insertInto, type PutShape, valueLists } from './put-shape.js';
import { stored } from './stored.js';

export interface Additions {
  /** Of this put alone: what carries it afterwards was written by it. */
  readonly token: number;
  /** Predicate of an expired row; binds now. */
  readonly expired: string;
  readonly now: number;
}

/** The conditional upsert of rows with different ids; answers the ids that were written. */
export function putStatements(
  shape: PutShape,
  rows: readonly StoredRow[],
  additions: Additions | undefined,
): readonly Statement[] {
  return additions === undefined ? plainPut(shape, rows) : [guardedPut(shape, rows, additions)];
}

/** The same for records of an archive, which replace only what failed before they were done. */
export function restoreStatements(
  shape: PutShape,
  rows: readonly StoredRow[],
  additions: Additions | undefined,
): readonly Statement[] {
  // Without a date either is not ready, and so not older.
  const failedBefore = "(status IN ('FAILURE', 'REVOKED') AND date_done < VALUES(date_done))";
  return additions === undefined ? plainRestore(shape, rows) : selectivePut(shape, rows, additions, failedBefore);
}

/** All or nothing by one statement: a live SUCCESS among the rows stops it. */
function guardedPut(shape: PutShape, rows: readonly StoredRow[], additions: Additions): GuardedStatement {
  const { layout, unusual } = shape;
  const text = rows.some((row) => unusual.some((column) => row[column] !== null)) ? shape.text : shape.usualText;
  const { token, now } = additions;
  const params: SqlValue[] = [];
  for (const row of rows) {
    for (const column of text.columns) params.push(stored(layout, column, row[column]));
    params.push(token);
  }
  params.push(now);
  return {
    sql: text.ofOne,
    params,
    ...(rows.length > 1 && { pieces: piecesOf(text, rows.length) }),
    written: rows.map(({ task_id }) => ({ task_id })),
    otherwise: () => selectivePut(shape, rows, additions),
    prepared: rows.length === 1,
    catchUp: shape.catchUp,
  };
}

function piecesOf({ columns, start, row, rowEnd, end }: GuardedText, rows: number): string[] {
  const pieces: string[] = [start + row];
  for (let i = 0; i < rows; i++) {
    for (const _ of columns) pieces.push(', ');
    pieces.push(i === rows - 1 ? rowEnd + end[0] : `${rowEnd}, ${row}`);
  }
  pieces.push(end[1]);
  return pieces;
}

/**
 * Writes what may be written, then asks for it by the put's token: neither database returns rows of an update. The rows stay
 * locked in between.
 */
function selectivePut(
  { task, layout, numbering, catchUp, columns, written }: PutShape,
  rows: readonly StoredRow[],
  { token, expired, now }: Additions,
  replaced = `NOT ${FINAL}`,
): Statement[] {
  // Assignments take effect from left to right: the others go by what the first has decided.
  const sql = `${insertInto(task, [...columns, ...BY_STATEMENT], numbering)}
    ${valueLists(rows.length, columns.length, numbering, `, ${token}, NOW(6), NOW(6)`)}
    ON DUPLICATE KEY UPDATE rb_revision = ${ifOwn(`IF(${replaced} OR ${expired}, ${token}, rb_revision)`)},
    ${written.map(({ name, value }) => `${name} = IF(rb_revision = ${token}, ${value}, ${name})`).join(', ')}`;
  return [
    {
      sql,
      params: [...rows.flatMap((row) => columns.map((column) => stored(layout, column, row[column]))), now],
      catchUp,
    },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${rows.map(() => '?').join(', ')}) AND rb_revision = ${token}`,
      params: rows.map((row) => row.task_id),
    },
  ];
}
