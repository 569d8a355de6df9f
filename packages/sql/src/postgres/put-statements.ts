import type { SqlParam, Statement } from '../executor.js';
import { assignmentsOf, type Layout } from '../layout.js';
import { lengthOf, type StoredRow } from '../task-row.js';
import type { CountedStatement } from './queries.js';
import type { Tables } from './tables.js';
import { typeOf } from './types.js';

/** What a put replaces, beside what has expired. */
export const NOT_FINAL = "t.status IS DISTINCT FROM 'SUCCESS'";
/** What the restoring of an archive replaces. Without a date either is not ready, and so not older. */
export const failedBefore = (given: string): string =>
  `(t.status IN ('FAILURE', 'REVOKED') AND t.date_done < ${given}.date_done)`;

/** Conditional upsert of any number of records as one statement. */
export function putStatements(
  tables: Tables,
  layout: Layout,
  columns: readonly string[],
  extended: boolean,
  replaced: string,
) {
  const usual = columns.filter((column) => layout.usual.has(column));
  const unusual = columns.filter((column) => !layout.usual.has(column));
  const shapes = [usual, columns].map((used) =>
    [false, true].map((final) => {
      const upsertOf = (several: boolean) =>
        upsert(tables, layout, { used, final, several }, columns, extended, replaced);
      return { used, one: upsertOf(false), several: upsertOf(true) };
    }),
  );
  const shapeOf = (rows: readonly StoredRow[]) => {
    const isUnusual = rows.some((row) => unusual.some((column) => row[column] !== null));
    const isFinal = rows.every(({ status }) => status === 'SUCCESS');
    return shapes[Number(isUnusual)]?.[Number(isFinal)] as (typeof shapes)[number][number];
  };
  const { catchUp } = tables.taskIds;
  const withNow = (params: SqlParam[], now: number): SqlParam[] => (extended ? [...params, now] : params);

  const one = (row: StoredRow, now: number): CountedStatement => {
    const { used, one } = shapeOf([row]);
    const params = withNow(
      used.map((column) => row[column] ?? null),
      now,
    );
    return { sql: one, params, changed: [{ task_id: row.task_id }], catchUp };
  };

  const several = (rows: readonly StoredRow[], now: number): Statement => {
    const { used, several } = shapeOf(rows);
    return {
      sql: several,
      params: withNow(
        used.map((column) => rows.map((row) => row[column] ?? null)),
        now,
      ),
      catchUp,
    };
  };

  return (rows: readonly StoredRow[], now: number): readonly Statement[] => {
    const [only] = rows;
    if (only === undefined) return [];
    if (rows.length === 1) return [one(only, now)];
    return rounds(rows).map((round) => (round.length === 1 ? one(round[0] as StoredRow, now) : several(round, now)));
  };
}

interface Shape {
  /** The columns that have a value. */
  readonly used: readonly string[];
  /** Whether every row is a SUCCESS. */
  readonly final: boolean;
  readonly several: boolean;
}

/**
 * Inputs: of several rows an array per used column, of one its values; then now. Returns the ids of the rows that were written,
 * of several.
 *
 * The id of a row that is there is found and not drawn: the sequence, of 31 bits, would else lose one number per rewrite. Not so
 * for a SUCCESS, which comes once: looking for it would take a fifth of the time, and that it might be looked for a twentieth.
 *
 * One row has a statement of its own, as PostgreSQL plans the one with arrays anew each time: 80 µs where that takes 240.
 */
function upsert(
  { task, taskIds: { next } }: Tables,
  layout: Layout,
  { used, final, several }: Shape,
  all: readonly string[],
  extended: boolean,
  replaced: string,
): string {
  const places = used.map((column, i) => `$${i + 1}::${typeOf(layout, column)}${several ? '[]' : ''}`).join(', ');
  const id = (taskId: string, status: string): string =>
    final
      ? next
      : `CASE ${status} WHEN 'SUCCESS' THEN ${next} ELSE coalesce((SELECT id FROM ${task} WHERE task_id = ${taskId}), ${next}) END`;
  const revision = extended ? `, 1, $${used.length + 1}::float8` : '';
  const source = several
    ? `SELECT ${id('u.task_id', 'u.status')}, u.*${revision} FROM unnest(${places}) AS u(${used.join(', ')})`
    : `VALUES (${id('$1::text', '$2::text')}, ${places}${revision})`;
  const assignments = assignmentsOf(
    layout,
    all,
    (column) => `excluded.${column}`,
    (column) => `t.${column}`,
  ).map(({ name, value }) => `${name} = ${value}`);
  if (extended)
    assignments.push('rb_revision = coalesce(t.rb_revision, 0) + 1', 'rb_updated_at = excluded.rb_updated_at');
  return `INSERT INTO ${task} AS t (id, ${used.join(', ')}${extended ? ', rb_revision, rb_updated_at' : ''}) ${source}
    ON CONFLICT (task_id) DO UPDATE SET ${assignments.join(', ')}
    WHERE ${replaced}${extended ? ` OR t.rb_expires_at <= $${used.length + 1}::float8` : ''}${several ? ' RETURNING task_id' : ''}`;
}

interface Round {
  readonly rows: StoredRow[];
  bytes: number;
}

/** Of one statement: the driver writes bytes of a list as twice as much text, of which JavaScript takes 512 MiB. */
const STATEMENT_BYTES = 64 * 2 ** 20;

/**
 * One statement cannot write a row twice, so an id that comes again goes into a later one. Within each they are in one order,
 * in which every writer locks: so two batches do not wait for each other.
 */
export function rounds(rows: readonly StoredRow[]): readonly (readonly StoredRow[])[] {
  const made: Round[] = [];
  let [previous, nth]: [string | undefined, number] = [undefined, 0];
  for (const row of rows.toSorted(byId)) {
    nth = row.task_id === previous ? nth + 1 : 0;
    previous = row.task_id;
    const bytes = lengthOf(row);
    while ((made[nth]?.bytes ?? 0) + bytes > STATEMENT_BYTES && nth < made.length) nth += 1;
    const round = made[nth] ?? { rows: [], bytes: 0 };
    made[nth] = round;
    round.rows.push(row);
    round.bytes += bytes;
  }
  return made.map((round) => round.rows);
}

const byId = ({ task_id: a }: StoredRow, { task_id: b }: StoredRow): number => {
  if (a < b) return -1;
  return a === b ? 0 : 1;
};
