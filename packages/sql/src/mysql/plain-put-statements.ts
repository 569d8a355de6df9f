import type { SqlValue, Statement } from '../executor.js';
import type { StoredRow } from '../task-row.js';
import { FINAL, ifOwn, insertInto, type PutShape, valueLists, writtenOf } from './put-shape.js';
import { stored } from './stored.js';
import { IDS } from './tables.js';

/** Changes nothing of the row that is there. */
const keepOwn = (task: string): string => `task_id = ${ifOwn(`${task}.task_id`)}`;

/** The others' own columns cannot tell who wrote them: so all rows are made and locked first, and looked at before they are written. */
export function plainPut({ task, layout, numbering, catchUp }: PutShape, rows: readonly StoredRow[]): Statement[] {
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
        ON DUPLICATE KEY UPDATE ${keepOwn(task)}`,
      params: valuesOf(locked),
      catchUp,
    },
    {
      sql: `SELECT task_id FROM ${task} WHERE task_id IN (${ids.map(() => '?').join(', ')}) AND NOT ${FINAL}`,
      params: ids,
    },
    {
      sql: `${insertInto(task, columns, numbering)} ${valueLists(rows.length, columns.length, numbering, '')}
        ON DUPLICATE KEY UPDATE ${[keepOwn(task), ...written.map(({ name, value }) => `${name} = IF(${FINAL}, ${name}, ${value})`)].join(', ')}`,
      params: valuesOf(columns),
    },
  ];
}

/** Only what is missing: the others' own columns cannot tell afterwards which of the rows that were there it has replaced. */
export function plainRestore({ task, layout, numbering, catchUp }: PutShape, rows: readonly StoredRow[]): Statement[] {
  const { columns } = layout;
  return [
    {
      sql: `SELECT j.id AS task_id FROM ${IDS} WHERE NOT EXISTS (SELECT 1 FROM ${task} t WHERE t.task_id = j.id)`,
      params: [JSON.stringify(rows.map((row) => row.task_id))],
    },
    {
      sql: `${insertInto(task, columns, numbering)} ${valueLists(rows.length, columns.length, numbering, '')}
        ON DUPLICATE KEY UPDATE ${keepOwn(task)}`,
      params: rows.flatMap((row) => columns.map((column) => stored(layout, column, row[column]))),
      catchUp,
    },
  ];
}
