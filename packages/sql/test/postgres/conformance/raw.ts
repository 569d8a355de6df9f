import type { RawAccess } from '@rb/conformance';
import { type PostgresStoreOptions, postgresSchema } from '@rb/sql/postgres';
import type pg from 'pg';
import { canonicalRow, celeryVectors, deepRows, foreignRows, type Row } from '../../conformance/vectors.ts';
import { RESULTS_OF_JSON } from '../expected.ts';

/** Not stored by the record's writer, but given by the database. */
const BOOKKEEPING = new Set(['id', 'rb_revision', 'rb_updated_at']);

/** Beneath the adapter, by a bare pool of pg. */
export function rawAccess(admin: pg.Pool, schema: string, options: PostgresStoreOptions): RawAccess {
  let deployed: Promise<unknown> | undefined;
  const deploy = (): Promise<unknown> => {
    deployed ??= postgresSchema(options).deploy();
    return deployed;
  };
  const table = `${schema}.celery_taskmeta`;
  const id = `nextval('${schema}.task_id_sequence')`;
  return {
    async read(taskId) {
      await deploy();
      const { rows } = await admin.query<Row>(`SELECT *, ${DATE}, ${DEADLINE} FROM ${table} WHERE task_id = $1`, [
        taskId,
      ]);
      return rows[0] && Object.fromEntries(Object.entries(rows[0]).filter(([column]) => !BOOKKEEPING.has(column)));
    },
    async write(taskId, stored) {
      await deploy();
      const given = stored as Row;
      const deadline = options.partitions && { rb_expires_at: given.rb_expires_at ?? Infinity };
      const row: Row = { ...given, ...deadline, task_id: taskId };
      const columns = Object.keys(row);
      const places = columns.map((_, i) => `$${i + 1}`);
      await admin.query(`DELETE FROM ${table} WHERE task_id = $1`, [taskId]);
      await admin.query(
        `INSERT INTO ${table} (id, ${columns.join(', ')}) VALUES (${id}, ${places.join(', ')})`,
        Object.values(row),
      );
    },
    vectors: celeryVectors('postgresql', RESULTS_OF_JSON),
    canonical: (stored) => canonicalRow(stored as Row),
    foreign: foreignRows('postgresql'),
    bombs: deepRows(),
    garbage: { status: 'SUCCESS', result: Buffer.from([1, 2, 255]) },
    async litter() {
      await deploy();
      // The column is nullable in Celery's table.
      await admin.query(`INSERT INTO ${table} (id, status) VALUES (${id}, 'SUCCESS')`);
      await admin.query(`CREATE TABLE ${schema}.celery_taskmeta_2019 AS SELECT * FROM ${table}`);
    },
  };
}

/** Never null in partitions, where Celery's rows would else have one by default. */
const DEADLINE = "nullif(rb_expires_at, 'Infinity') AS rb_expires_at";

/** As SQLAlchemy writes it into SQLite: always six digits. */
const DATE = "to_char(date_done, 'YYYY-MM-DD HH24:MI:SS.US') AS date_done";
