/** The MySQL store against bare mysql2 with a multi-row upsert of the same rows; RB_BENCH_SERVER=mariadb takes MariaDB. */
import { randomUUID } from 'node:crypto';
import { bench } from '@rb/bench';
import { createResultBackend, type TaskRecord } from '@rb/core';
import { pickle } from '@rb/serializers/pickle';
import { start } from '@rb/servers/start';
import { mysqlStore } from '@rb/sql/mysql';
import mysql from 'mysql2/promise';

/** As many as are stored at once. */
const BATCH = 500;

const service = process.env.RB_BENCH_SERVER === 'mariadb' ? 'mariadb' : 'mysql';
const server = await start(service);
if ('missing' in server) throw new Error(server.missing);
const store = mysqlStore({ url: server.url });
// Each measured task has a table of its own: an upsert of random ids is the slower the more of them are there.
const tables = { task: 'backend_taskmeta', group: 'backend_tasksetmeta' };
const backend = createResultBackend(mysqlStore({ url: server.url, tables }));
await store.get([]); // Makes the tables.
await backend.ping();
const raw = mysql.createPool({ uri: server.url, dateStrings: true });
await raw.query('CREATE TABLE raw_taskmeta LIKE celery_taskmeta');
// MariaDB's ids come from the sequence, as Celery's do.
const sequence = service === 'mariadb' ? [mysql.raw('NEXTVAL(task_id_sequence)')] : [];

const result = { total: 42, items: ['a', 'b', 'c'], note: 'an ordinary result' };
const bytes = Buffer.from(pickle.encode(result) as Uint8Array);
const expiresAt = Date.now() + 86_400_000;
const record = (taskId: string): TaskRecord => ({
  taskId,
  state: 'SUCCESS',
  result,
  traceback: null,
  doneAt: Date.now(),
  meta: {},
  expiresAt,
});
const newIds = (n: number): string[] => Array.from({ length: n }, () => randomUUID());
const rowOf = (id: string) => [id, 'SUCCESS', bytes, '2026-11-22 17:03:59', null, expiresAt];
const upsertOf = (rows: string): string =>
  `INSERT INTO raw_taskmeta (${sequence.length > 0 ? 'id, ' : ''}task_id, status, result, date_done, traceback, rb_expires_at) VALUES ${rows}
    ON DUPLICATE KEY UPDATE status = VALUES(status), result = VALUES(result), date_done = VALUES(date_done),
    traceback = VALUES(traceback), rb_expires_at = VALUES(rb_expires_at)`;
const upsert = (ids: readonly string[]) => raw.query(upsertOf('?'), [ids.map((id) => [...sequence, ...rowOf(id)])]);
const oneRow = sequence.length > 0 ? '(NEXTVAL(task_id_sequence), ?, ?, ?, ?, ?, ?)' : '(?, ?, ?, ?, ?, ?)';
const prepared = ([id = '']: readonly string[]) => raw.execute(upsertOf(oneRow), rowOf(id));

for (const size of [1, BATCH]) {
  await bench(`mysql-put-${size}`, {
    raw: {
      name: size === 1 ? 'mysql2: prepared upsert' : `mysql2: upsert of ${size}`,
      opsPerIteration: size,
      run: () => (size === 1 ? prepared(newIds(1)) : upsert(newIds(size))),
    },
    tasks: [
      { name: 'mysqlStore put', opsPerIteration: size, run: () => store.put(newIds(size).map(record)) },
      {
        name: `backend store, ${size} at once`,
        opsPerIteration: size,
        run: () => Promise.all(newIds(size).map((id) => backend.store(id, 'SUCCESS', result))),
      },
    ],
  });
}

const known = newIds(BATCH);
await store.put(known.map(record));
await upsert(known);
await bench('mysql-get', {
  raw: {
    name: 'mysql2: SELECT, unpickled',
    opsPerIteration: BATCH,
    async run() {
      const [rows] = await raw.query(
        'SELECT task_id, status, result, date_done, traceback FROM raw_taskmeta WHERE task_id IN (?)',
        [known],
      );
      return (rows as { result: Buffer }[]).map((row) => pickle.decode(row.result));
    },
  },
  tasks: [{ name: 'mysqlStore get', opsPerIteration: BATCH, run: () => store.get(known) }],
});

await store.close();
await backend.close();
await raw.end();
await server[Symbol.asyncDispose]();
