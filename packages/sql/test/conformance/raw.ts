import type { RawAccess } from '@rb/conformance';
import { type SqliteStoreOptions, sqliteSchema } from '@rb/sql/sqlite';
import Database from 'better-sqlite3';
import { canonicalRow, celeryVectors, deepRows, foreignRows, type Row } from './vectors.ts';

/** Not stored by the record's writer, but counted by the table's own triggers and sequences. */
const BOOKKEEPING = new Set(['id', 'rb_revision', 'rb_updated_at']);

/** Beneath the adapter, by a bare better-sqlite3 connection. */
export function rawAccess(
  filename: string,
  options: SqliteStoreOptions,
): { readonly access: RawAccess; close(): void } {
  let opened: Promise<Database.Database> | undefined;
  const open = (): Promise<Database.Database> => {
    opened ??= sqliteSchema({ ...options, filename })
      .deploy()
      .then(() => new Database(filename));
    return opened;
  };
  const access: RawAccess = {
    async read(taskId) {
      const row = (await open()).prepare('SELECT * FROM celery_taskmeta WHERE task_id = ?').get(taskId);
      return row === undefined ? undefined : plainRow(row as Row);
    },
    async write(taskId, stored) {
      const row: Row = { ...(stored as Row), task_id: taskId };
      const columns = Object.keys(row);
      const database = await open();
      database.prepare('DELETE FROM celery_taskmeta WHERE task_id = ?').run(taskId);
      database
        .prepare(`INSERT INTO celery_taskmeta (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
        .run(Object.values(row));
    },
    garbage: { status: 'SUCCESS', result: new Uint8Array([1, 2, 255]) },
    vectors: celeryVectors('sqlite'),
    canonical: (stored) => canonicalRow(stored as Row),
    foreign: foreignRows('sqlite'),
    bombs: deepRows(),
    async litter() {
      const database = await open();
      // The column is nullable in Celery's table.
      database.exec("INSERT INTO celery_taskmeta (status) VALUES ('SUCCESS')");
      database.exec('CREATE TABLE celery_taskmeta_2019 AS SELECT * FROM celery_taskmeta');
    },
  };
  return { access, close: () => void opened?.then((database) => database.close()) };
}

function plainRow(row: Row): Row {
  const columns = Object.entries(row).filter(([column]) => !BOOKKEEPING.has(column));
  return Object.fromEntries(
    columns.map(([column, value]) => [column, value instanceof Uint8Array ? new Uint8Array(value) : value]),
  );
}
