import type { Statement } from '../executor.js';
import { assignmentsOf, type Layout } from '../layout.js';
import { catchUp, SEQUENCES } from './tables.js';

/** How rows get their ids: by the column itself, or by a sequence. */
export type Numbered = 'auto' | 'sequence';

/** Set by the statement itself, for each row. */
export const BY_STATEMENT: readonly string[] = ['rb_revision', 'rb_sealed_at', 'rb_touched_at'];

type Written = ReturnType<typeof assignmentsOf>;

/** What of a layout each put needs. */
export interface PutShape {
  readonly task: string;
  readonly layout: Layout;
  readonly numbering: Numbered;
  readonly catchUp: Statement | undefined;
  readonly columns: readonly string[];
  readonly unusual: readonly string[];
  /** Names and new values of what a rewrite changes. */
  readonly written: Written;
  /** Of most records only some columns have a value; the others are left to their default NULL. */
  readonly usualText: GuardedText;
  readonly text: GuardedText;
}

/** The guarded put of these columns between its marks, made once: only its number of rows differs. */
export interface GuardedText {
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

export const writtenOf = (layout: Layout, columns: readonly string[]): Written =>
  assignmentsOf(
    layout,
    columns,
    (name) => `VALUES(${name})`,
    (name) => name,
  );

/** Byte by byte: by the collation of a table found, the state `success` would be final too. */
export const FINAL = "(CAST(status AS BINARY) <=> 'SUCCESS')";

/** More than a BIGINT can be, whatever the id: error 1690. With constants alone the statement would never run. */
const STOP = '9223372036854775807 + ABS(id) + 1';

/**
 * What a put makes of a row that is there, where that is its own. The server finds another task's where the sequence has given its
 * id, and where AUTO_INCREMENT gives the last one again and again, as there are no more.
 */
export const ifOwn = (value: string): string => `IF(task_id <=> VALUES(task_id), ${value}, ${STOP})`;

function guardedText(
  task: string,
  numbering: Numbered,
  columns: readonly string[],
  written: Written,
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

export const insertInto = (task: string, names: readonly string[], numbering: Numbered): string =>
  `INSERT INTO ${task} (${numbering === 'sequence' ? 'id, ' : ''}${names.join(', ')})`;

const idOf = (numbering: Numbered): string => (numbering === 'sequence' ? `NEXTVAL(${SEQUENCES.task}), ` : '');

export function valueLists(rows: number, columns: number, numbering: Numbered, more: string): string {
  return `VALUES ${Array(rows)
    .fill(`(${idOf(numbering)}${Array(columns).fill('?').join(', ')}${more})`)
    .join(', ')}`;
}
