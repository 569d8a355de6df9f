import type { RawAccess } from '@rb/conformance';
import { type MysqlStoreOptions, mysqlSchema } from '@rb/sql/mysql';
import type mysql from 'mysql2/promise';
import { canonicalRow, celeryVectors, deepRows, foreignRows, type Row } from '../../conformance/vectors.ts';

/** Given by the database and not by the record's writer; rb_done_at repeats `date_done`, with the fraction that it lacks. */
const BOOKKEEPING = new Set(['id', 'rb_revision', 'rb_updated_at', 'rb_sealed_at', 'rb_touched_at', 'rb_done_at']);

/** Beneath the adapter, by a bare mysql2 connection. */
export function rawAccess(admin: mysql.Pool, database: string, options: MysqlStoreOptions): RawAccess {
  let deployed: Promise<unknown> | undefined;
  const deploy = (): Promise<unknown> => {
    deployed ??= mysqlSchema(options).deploy();
    return deployed;
  };
  const table = `${database}.celery_taskmeta`;
  return {
    async read(taskId) {
      await deploy();
      const [rows] = (await admin.query(`SELECT * FROM ${table} WHERE task_id = ?`, [taskId])) as unknown as [Row[]];
      return rows[0] && Object.fromEntries(Object.entries(rows[0]).filter(([column]) => !BOOKKEEPING.has(column)));
    },
    async write(taskId, stored) {
      await deploy();
      const row: Row = { ...(stored as Row), task_id: taskId };
      const id = await nextId(admin, database);
      await admin.query(`DELETE FROM ${table} WHERE task_id = ?`, [taskId]);
      await admin.query(`INSERT INTO ${table} SET id = ${id}, ?`, [row]);
    },
    vectors: celeryVectors('mysql'),
    canonical: (stored) => canonicalRow(stored as Row),
    foreign: foreignRows('mysql'),
    bombs: deepRows(),
    garbage: { status: 'SUCCESS', result: Buffer.from([1, 2, 255]) },
    async litter() {
      await deploy();
      const id = await nextId(admin, database);
      // The column is nullable in Celery's table.
      await admin.query(`INSERT INTO ${table} (id, status) VALUES (${id}, 'SUCCESS')`);
      await admin.query(`CREATE TABLE ${database}.celery_taskmeta_2019 AS SELECT * FROM ${table}`);
    },
  };
}

/** MariaDB's tables have a sequence, MySQL's number themselves. */
async function nextId(admin: mysql.Pool, database: string): Promise<string> {
  const [rows] = (await admin.query(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'SEQUENCE'",
    [database],
  )) as unknown as [Row[]];
  return rows.length > 0 ? `NEXTVAL(${database}.task_id_sequence)` : 'DEFAULT';
}
