import type { Statement } from '../executor.js';
import type { TaskRow } from '../task-row.js';
import type { Tables } from './tables.js';

type Column = keyof TaskRow;

const BYTES: ReadonlySet<Column> = new Set(['result', 'args', 'kwargs']);

const typeOf = (column: Column): string => {
  if (BYTES.has(column)) return 'bytea';
  if (column === 'date_done') return 'timestamp';
  if (column === 'rb_expires_at') return 'float8';
  return column === 'retries' ? 'int4' : 'text';
};

/** Of most records only these have a value; the others are left to their default NULL. */
const USUAL: ReadonlySet<Column> = new Set(['task_id', 'status', 'result', 'date_done', 'traceback', 'rb_expires_at']);

/** Conditional upsert of any number of records as one statement. */
export function putStatements(tables: Tables, columns: readonly Column[], extended: boolean) {
  const usual = columns.filter((column) => USUAL.has(column));
  const unusual = columns.filter((column) => !USUAL.has(column));
  const made = new Map<string, string>();
  return (rows: readonly TaskRow[], now: number, restoring = false): readonly Statement[] =>
    rounds(rows).map((round) => {
      const used = round.some((row) => unusual.some((column) => row[column] !== null)) ? columns : usual;
      const [only] = round.length === 1 ? round : [];
      const values = used.map((column) => only?.[column] ?? (only ? null : round.map((row) => row[column] ?? null)));
      const key = `${used.length} ${only !== undefined} ${restoring}`;
      const sql = made.get(key) ?? upsert(tables, used, columns, extended, only === undefined, restoring);
      made.set(key, sql);
      return { sql, params: extended ? [...values, now] : values };
    });
}

/** Without a date either is not ready, and so not older. */
const FAILED_BEFORE = "(t.status IN ('FAILURE', 'REVOKED') AND t.date_done < excluded.date_done)";

/**
 * Inputs: of several rows an array per used column, of one its values; then now. Returns the ids of the rows that were written.
 *
 * The id of a row that is there is found and not drawn: the sequence, of 31 bits, would else lose one number per rewrite.
 * One row has a statement of its own, as PostgreSQL plans the one with arrays anew each time: 80 µs where that takes 240.
 */
function upsert(
  { task, taskSequence }: Tables,
  used: readonly Column[],
  all: readonly Column[],
  extended: boolean,
  several: boolean,
  restoring: boolean,
): string {
  const places = used.map((column, i) => `$${i + 1}::${typeOf(column)}${several ? '[]' : ''}`).join(', ');
  const id = (taskId: string): string =>
    `coalesce((SELECT id FROM ${task} WHERE task_id = ${taskId}), nextval('${taskSequence}'))`;
  const revision = extended ? `, 1, $${used.length + 1}::float8` : '';
  const source = several
    ? `SELECT ${id('u.task_id')}, u.*${revision} FROM unnest(${places}) AS u(${used.join(', ')})`
    : `VALUES (${id('$1::text')}, ${places}${revision})`;
  const assignments = all.slice(1).map((column) => `${column} = excluded.${column}`);
  if (extended)
    assignments.push('rb_revision = coalesce(t.rb_revision, 0) + 1', 'rb_updated_at = excluded.rb_updated_at');
  return `INSERT INTO ${task} AS t (id, ${used.join(', ')}${extended ? ', rb_revision, rb_updated_at' : ''}) ${source}
    ON CONFLICT (task_id) DO UPDATE SET ${assignments.join(', ')}
    WHERE ${restoring ? FAILED_BEFORE : "t.status IS DISTINCT FROM 'SUCCESS'"}${extended ? ` OR t.rb_expires_at <= $${used.length + 1}::float8` : ''} RETURNING task_id`;
}

/**
 * One statement cannot write a row twice, so an id that comes again goes into a later one. Within each they are in one order,
 * in which every writer locks: so two batches do not wait for each other.
 */
function rounds(rows: readonly TaskRow[]): TaskRow[][] {
  const made: TaskRow[][] = [];
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
