/** The PostgreSQL store against bare pg with a multi-row upsert of the same rows. */
import { randomUUID } from 'node:crypto';
import { bench } from '@rb/bench';
import { createResultBackend, type TaskRecord } from '@rb/core';
import { pickle } from '@rb/serializers/pickle';
import { start } from '@rb/servers/start';
import { postgresStore } from '@rb/sql/postgres';
import pg from 'pg';

/** As many as are stored at once. */
const BATCH = 500;

const server = await start('postgres');
if ('missing' in server) throw new Error(server.missing);
const store = postgresStore({ url: server.url });
// Each measured task has a table of its own: an upsert of random ids is the slower the more of them are there.
const tables = { task: 'backend_taskmeta', group: 'backend_tasksetmeta' };
const backend = createResultBackend(postgresStore({ url: server.url, tables }));
await store.get([]); // Makes the tables.
await backend.ping();
const raw = new pg.Pool({ connectionString: server.url });
// The same indexes, and neither triggers nor conditions.
await raw.query('CREATE TABLE raw_taskmeta (LIKE celery_taskmeta INCLUDING ALL)');
await raw.query('CREATE SEQUENCE raw_sequence');

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
const CONFLICT = `ON CONFLICT (task_id) DO UPDATE SET status = excluded.status, result = excluded.result,
  date_done = excluded.date_done, rb_expires_at = excluded.rb_expires_at`;
const COLUMNS = '(id, task_id, status, result, date_done, rb_expires_at)';
const DATE = '2026-11-22 17:03:59.460545';
const upsertOne = () =>
  raw.query({
    name: 'one',
    text: `INSERT INTO raw_taskmeta ${COLUMNS} VALUES (nextval('raw_sequence'), $1, $2, $3, $4, $5) ${CONFLICT}`,
    values: [randomUUID(), 'SUCCESS', bytes, DATE, expiresAt],
  });
const upsert = (ids: readonly string[]) =>
  raw.query({
    name: 'upsert',
    text: `INSERT INTO raw_taskmeta ${COLUMNS} SELECT nextval('raw_sequence'), *
      FROM unnest($1::text[], $2::text[], $3::bytea[], $4::timestamp[], $5::float8[]) ${CONFLICT}`,
    values: [ids, ids.map(() => 'SUCCESS'), ids.map(() => bytes), ids.map(() => DATE), ids.map(() => expiresAt)],
  });

for (const size of [1, BATCH]) {
  await bench(`postgres-put-${size}`, {
    raw: {
      name: `pg: upsert of ${size}`,
      opsPerIteration: size,
      run: () => (size === 1 ? upsertOne() : upsert(newIds(size))),
    },
    tasks: [
      { name: 'postgresStore put', opsPerIteration: size, run: () => store.put(newIds(size).map(record)) },
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
await bench('postgres-get', {
  raw: {
    name: 'pg: SELECT, unpickled',
    opsPerIteration: BATCH,
    async run() {
      const { rows } = await raw.query({
        name: 'select',
        text: 'SELECT task_id, status, result, date_done, traceback FROM raw_taskmeta WHERE task_id = ANY($1)',
        values: [known],
      });
      return (rows as { result: Buffer }[]).map((row) => pickle.decode(row.result));
    },
  },
  tasks: [{ name: 'postgresStore get', opsPerIteration: BATCH, run: () => store.get(known) }],
});

await store.close();
await backend.close();
await raw.end();
await server[Symbol.asyncDispose]();
