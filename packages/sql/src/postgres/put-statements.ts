import type { Statement } from '../executor.js';
import { assignmentsOf, type Layout } from '../layout.js';
import type { StoredRow } from '../task-row.js';
import type { Tables } from './tables.js';
import { typeOf } from './types.js';

/** Conditional upsert of any number of records as one statement. */
export function putStatements(tables: Tables, layout: Layout, columns: readonly string[], extended: boolean) {
  const usual = columns.filter((column) => layout.usual.has(column));
  const unusual = columns.filter((column) => !layout.usual.has(column));
  const made = new Map<string, string>();
  return (rows: readonly StoredRow[], now: number): readonly Statement[] =>
    rounds(rows).map((round) => {
      const used = round.some((row) => unusual.some((column) => row[column] !== null)) ? columns : usual;
      const [only] = round.length === 1 ? round : [];
      const values = used.map((column) => only?.[column] ?? (only ? null : round.map((row) => row[column] ?? null)));
      const key = `${used.length} ${only !== undefined}`;
      const sql = made.get(key) ?? upsert(tables, layout, used, columns, extended, only === undefined);
      made.set(key, sql);
      return { sql, params: extended ? [...values, now] : values };
    });
}

/**
 * Inputs: of several rows an array per used column, of one its values; then now. Returns the ids of the rows that were written.
 *
 * The id of a row that is there is found and not drawn: the sequence, of 31 bits, would else lose one number per rewrite.
 * One row has a statement of its own, as PostgreSQL plans the one with arrays anew each time: 80 µs where that takes 240.
 */
function upsert(
  { task, nextTaskId }: Tables,
  layout: Layout,
  used: readonly string[],
  all: readonly string[],
  extended: boolean,
  several: boolean,
): string {
  const places = used.map((column, i) => `$${i + 1}::${typeOf(layout, column)}${several ? '[]' : ''}`).join(', ');
  const id = (taskId: string): string => `coalesce((SELECT id FROM ${task} WHERE task_id = ${taskId}), ${nextTaskId})`;
  const revision = extended ? ', 1' : '';
  const source = several
    ? `SELECT ${id('u.task_id')}, u.*${revision} FROM unnest(${places}) AS u(${used.join(', ')})`
    : `VALUES (${id('$1::text')}, ${places}${revision})`;
  const assignments = assignmentsOf(
    layout,
    all,
    (column) => `excluded.${column}`,
    (column) => `t.${column}`,
  ).map(({ name, value }) => `${name} = ${value}`);
  if (extended) assignments.push('rb_revision = coalesce(t.rb_revision, 0) + 1');
  return `INSERT INTO ${task} AS t (id, ${used.join(', ')}${extended ? ', rb_revision' : ''}) ${source}
    ON CONFLICT (task_id) DO UPDATE SET ${assignments.join(', ')}
    WHERE t.status IS DISTINCT FROM 'SUCCESS'${extended ? ` OR t.rb_expires_at <= $${used.length + 1}::float8` : ''} RETURNING task_id`;
}

/**
 * One statement cannot write a row twice, so an id that comes again goes into a later one. Within each they are in one order,
 * in which every writer locks: so two batches do not wait for each other.
 */
function rounds(rows: readonly StoredRow[]): StoredRow[][] {
  const made: StoredRow[][] = [];
  const seen = new Map<string, number>();
  for (const row of rows) {
    const nth = seen.get(row.task_id) ?? 0;
    seen.set(row.task_id, nth + 1);
    made[nth] ??= [];
    made[nth].push(row);
  }
  for (const round of made) round.sort((a, b) => (a.task_id < b.task_id ? -1 : 1));
  return made;
}
