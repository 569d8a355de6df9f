import type { SqlValue, Statement } from '../executor.js';
import { assignmentsOf, type Layout } from '../layout.js';
import type { StoredRow } from '../task-row.js';
import type { GuardedStatement } from './guarded.js';
import { stored } from './stored.js';
import { catchUp, IDS, SEQUENCES } from './tables.js';

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

/** Set by the statement itself, for each row. */
const BY_STATEMENT = ['rb_revision', 'rb_sealed_at', 'rb_touched_at'];
/** What of a layout each put needs. */
export interface PutShape {
  readonly task: string;
  readonly layout: Layout;
  readonly numbering: Numbered;
  readonly catchUp: Statement | undefined;
  readonly columns: readonly string[];
  readonly unusual: readonly string[];
  /** Names and new values of what a rewrite changes. */
  readonly written: ReturnType<typeof assignmentsOf>;
  /** Of most records only some columns have a value; the others are left to their default NULL. */
  readonly usualText: GuardedText;
  readonly text: GuardedText;
}

/** The guarded put of these columns between its marks, made once: only its number of rows differs. */
interface GuardedText {
  readonly columns: readonly string[];
  readonly start: string;
  /** Before the first value of a row, and before the last one, which is the token; between two there is a comma. */
  readonly row: string;
  readonly rowEnd: string;
  /** Around the time. */
  readonly end: readonly [string, string];
  readonly ofOne: string;
}

export function putShape(task: string, layout: Layout, numbering: Numbered, expired: string): PutShape {
  const columns = [...layout.columns, ...layout.additions, 'rb_done_at'];
  const isUsual = (column: string): boolean => layout.usual.has(column) || column === 'rb_done_at';
  const written = writtenOf(layout, [...columns, 'rb_sealed_at', 'rb_touched_at']);
  const textOf = (used: readonly string[]): GuardedText => guardedText(task, numbering, used, written, expired);
  return {
    task,
    layout,
    numbering,
    catchUp: numbering === 'sequence' ? catchUp(task, SEQUENCES.task) : undefined,
    columns,
    unusual: columns.filter((column) => !isUsual(column)),
    written,
    usualText: textOf(columns.filter(isUsual)),
    text: textOf(columns),
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

/**
 * What a put makes of a row that is there, where that is its own. The server finds another task's where the sequence has given its
 * id, and where AUTO_INCREMENT gives the last one again and again, as there are no more.
 */
const ifOwn = (value: string): string => `IF(task_id <=> VALUES(task_id), ${value}, ${STOP})`;

function guardedText(
  task: string,
  numbering: Numbered,
  columns: readonly string[],
  written: PutShape['written'],
  expired: string,
): GuardedText {
  const start = `${insertInto(task, [...columns, ...BY_STATEMENT], numbering)} VALUES `;
  const row = `(${idOf(numbering)}`;
  const rowEnd = ', NOW(6), NOW(6))';
  // The first assignment decides, while the old values are still there.
  const onDuplicate = ` ON DUPLICATE KEY UPDATE rb_revision = ${ifOwn(`IF(NOT ${FINAL} OR ${expired}, VALUES(rb_revision), ${STOP})`)},
    ${written.map(({ name, value }) => `${name} = ${value}`).join(', ')}`;
  const [before = '', after = ''] = onDuplicate.split('?');
  const ofOne = `${start}${row}${columns.map(() => '?, ').join('')}?${rowEnd}${onDuplicate}`;
  return { columns, start, row, rowEnd, end: [before, after], ofOne };
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

/** The others' own columns cannot tell who wrote them: so all rows are made and locked first, and looked at before they are written. */
function plainPut({ task, layout, numbering, catchUp }: PutShape, rows: readonly StoredRow[]): Statement[] {
  const { columns, required } = layout;
  const ids = rows.map((row) => row.task_id);
  const valuesOf = (names: readonly string[]): SqlValue[] =>
    rows.flatMap((row) => names.map((column) => stored(layout, column, row[column])));
  // `status` last: the others go by what it was.
  const written = writtenOf(layout, [...columns.filter((column) => column !== 'status'), 'status']);
  const locked = ['task_id', ...required];
  const own = `task_id = ${ifOwn(`${task}.task_id`)}`;
  return [
    {
      sql: `${insertInto(task, [...locked, 'status'], numbering)} ${valueLists(rows.length, locked.length, numbering, ", 'PENDING'")}
        ON DUPLICATE KEY UPDATE ${own}`,
      params: valuesOf(locked),
      catchUp,
    },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${ids.map(() => '?').join(', ')}) AND NOT ${FINAL}`,
      params: ids,
    },
    {
      sql: `${insertInto(task, columns, numbering)} ${valueLists(rows.length, columns.length, numbering, '')}
        ON DUPLICATE KEY UPDATE ${[own, ...written.map(({ name, value }) => `${name} = IF(${FINAL}, ${name}, ${value})`)].join(', ')}`,
      params: valuesOf(columns),
    },
  ];
}

/** Only what is missing: the others' own columns cannot tell afterwards which of the rows that were there it has replaced. */
function plainRestore({ task, layout, numbering, catchUp }: PutShape, rows: readonly StoredRow[]): Statement[] {
  const { columns } = layout;
  return [
    {
      sql: `SELECT j.id AS task_id FROM ${IDS} WHERE NOT EXISTS (SELECT 1 FROM ${task} t WHERE t.task_id = j.id)`,
      params: [JSON.stringify(rows.map((row) => row.task_id))],
    },
    {
      sql: `${insertInto(task, columns, numbering)} ${valueLists(rows.length, columns.length, numbering, '')}
        ON DUPLICATE KEY UPDATE task_id = ${ifOwn(`${task}.task_id`)}`,
      params: rows.flatMap((row) => columns.map((column) => stored(layout, column, row[column]))),
      catchUp,
    },
  ];
}

const insertInto = (task: string, names: readonly string[], numbering: Numbered): string =>
  `INSERT INTO ${task} (${numbering === 'sequence' ? 'id, ' : ''}${names.join(', ')})`;

const idOf = (numbering: Numbered): string => (numbering === 'sequence' ? `NEXTVAL(${SEQUENCES.task}), ` : '');

function valueLists(rows: number, columns: number, numbering: Numbered, more: string): string {
  return `VALUES ${Array(rows)
    .fill(`(${idOf(numbering)}${Array(columns).fill('?').join(', ')}${more})`)
    .join(', ')}`;
}
