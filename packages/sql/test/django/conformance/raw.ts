import type { RawAccess } from '@rb/conformance';
import type { Row } from '../../conformance/vectors.ts';
import { DJANGO_BOMBS, DJANGO_FOREIGN, DJANGO_GARBAGE, DJANGO_VECTORS } from './rows.ts';

/** Not stored by the record's writer, but given by the database. */
const BOOKKEEPING = new Set(['id', 'rb_revision', 'rb_updated_at', 'rb_touched_at', 'rb_sealed_at', 'rb_done_at']);

/** @param place The value of a parameter, by its number. */
export function djangoRaw(
  table: string,
  query: (sql: string, values: readonly unknown[]) => Promise<readonly Row[]>,
  place: (n: number) => string,
): RawAccess {
  return {
    async read(taskId) {
      const [row] = await query(`SELECT * FROM ${table} WHERE task_id = ${place(1)}`, [taskId]);
      // A column that is null may be one that is deployed only by and by.
      const columns = Object.entries(row ?? {}).filter(([name, value]) => !BOOKKEEPING.has(name) && value !== null);
      return row && Object.fromEntries(columns);
    },
    async write(taskId, stored) {
      const row: Row = { ...(stored as Row), task_id: taskId };
      const columns = Object.keys(row);
      await query(`DELETE FROM ${table} WHERE task_id = ${place(1)}`, [taskId]);
      await query(
        `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((_, i) => place(i + 1)).join(', ')})`,
        Object.values(row),
      );
    },
    vectors: DJANGO_VECTORS,
    foreign: DJANGO_FOREIGN,
    bombs: DJANGO_BOMBS,
    garbage: DJANGO_GARBAGE,
  };
}
