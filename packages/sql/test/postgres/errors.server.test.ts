import { setTimeout as delay } from 'node:timers/promises';
import type { ResultStore } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { start } from '@rb/servers/start';
import pg from 'pg';
import { expect } from 'vitest';
import { type PostgresStoreOptions, postgresStore } from '../../src/postgres/index.js';
import { code, record } from '../support.js';
import { databaseAt } from './database.js';

const it = await serverTest('postgres');

async function withStore<T>(options: PostgresStoreOptions, work: (store: ResultStore) => Promise<T>): Promise<T> {
  const store = postgresStore(options);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

it('refuses U+0000 and what is too long for its column in the record alone, and never mistakes an id', async ({
  server,
}) => {
  await using database = await databaseAt(server.url);
  await withStore({ url: database.url }, async (store) => {
    const outcomes = await store.put([
      record('good', 'SUCCESS', { result: 'a\0b' }),
      record('nul\0', 'SUCCESS'),
      record('trace', 'FAILURE', { traceback: 'a\0b' }),
      record('x'.repeat(156)),
    ]);
    expect(outcomes).toMatchObject([
      { applied: true },
      { refused: { code: 'RB_ENCODE' } },
      { refused: { code: 'RB_ENCODE' } },
      { refused: { code: 'RB_TOO_LARGE' } },
    ]);
    expect(await store.get(['good', 'nul\0', 'nul', 'trace'])).toMatchObject([
      { result: 'a\0b' },
      undefined,
      undefined,
      undefined,
    ]);
  });
});

it('keeps a name, a worker and a queue longer than their columns, and retries beyond 32 bits', async ({ server }) => {
  await using database = await databaseAt(server.url);
  await withStore({ url: database.url }, async (store) => {
    const meta = { name: 'n'.repeat(156), worker: 'w'.repeat(300), queue: 'ä'.repeat(155), retries: 2 ** 40 };
    await store.put([record('a', 'SUCCESS', { meta })]);
    expect(await store.get(['a'])).toMatchObject([{ meta }]);
    const { rows } = await database.admin.query('SELECT name, worker, queue, retries FROM celery_taskmeta');
    expect(rows).toEqual([{ name: null, worker: null, queue: 'ä'.repeat(155), retries: null }]);
  });
});

it('tells refused credentials, a missing database, missing tables and missing privileges apart', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const codeOf = (url: string): Promise<unknown> =>
    withStore({ url, createTables: false }, (store) => code(store.get(['a'])));
  expect(await codeOf(database.url.replace(/\/\/.*@/, '//postgres:wrong@'))).toBe('RB_DENIED');
  expect(await codeOf(`${database.url}_absent`)).toBe('RB_SCHEMA');
  expect(await codeOf(database.url)).toBe('RB_SCHEMA');
  await withStore({ url: database.url }, (store) => store.put([record('a')]));
  const role = `rb_reader_${process.pid}`;
  await database.admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'reader'`);
  await database.admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
  await withStore({ url: database.url.replace(/\/\/.*@/, `//${role}:reader@`) }, async (store) => {
    expect(await store.get(['a'])).toMatchObject([{ taskId: 'a' }]);
    expect(await code(store.put([record('b')]))).toBe('RB_DENIED');
  });
  await database.admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

it('names a read-only session, a statement and a lock that took too long, and changes nothing', async ({ server }) => {
  await using database = await databaseAt(server.url);
  await withStore({ url: database.url }, (store) => store.put([record('a', 'STARTED')]));
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  // The database may be dropped before the server has seen the pool's good-bye.
  pool.on('error', () => undefined);
  await withStore({ pool }, async (store) => {
    await pool.query('SET default_transaction_read_only = on');
    expect(await code(store.put([record('a')]))).toBe('RB_UNAVAILABLE');
    await pool.query('SET default_transaction_read_only = off; SET statement_timeout = 50');
    await database.admin.query('BEGIN; LOCK TABLE celery_taskmeta IN EXCLUSIVE MODE');
    expect(await code(store.put([record('a')]))).toBe('RB_UNAVAILABLE');
    await pool.query('SET statement_timeout = 0; SET lock_timeout = 50');
    expect(await code(store.put([record('a')]))).toBe('RB_UNAVAILABLE');
    await database.admin.query('ROLLBACK');
    expect(await store.get(['a'])).toMatchObject([{ state: 'STARTED' }]);
  });
  // The pool was passed in, and so is still open.
  expect((await pool.query('SELECT 1')).rowCount).toBe(1);
  await pool.end();
});

it('surfaces no serialization failure and no deadlock', async ({ server }) => {
  await using database = await databaseAt(server.url);
  await database.admin.query(
    `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET default_transaction_isolation = serializable`,
  );
  const ids = Array.from({ length: 30 }, (_, i) => `t${i}`);
  const stores = Array.from({ length: 3 }, () => postgresStore({ url: database.url }));
  const puts = stores.flatMap((store, n) =>
    ids
      .slice(0, 8)
      .map((_, k) =>
        store.put(ids.toSorted((a, b) => (a < b === k % 2 > n % 2 ? -1 : 1)).map((id) => record(id, 'STARTED'))),
      ),
  );
  const deletes = stores.map((store) => store.delete(ids.toReversed()));
  for (const outcomes of await Promise.all(puts)) expect(outcomes).toEqual(ids.map(() => ({ applied: true })));
  await Promise.all(deletes);
  const finals = await Promise.all(stores.map((store) => store.put(ids.map((id) => record(id)))));
  for (const at of ids.keys()) {
    const applied = finals.filter(
      (outcomes) => outcomes[at] !== undefined && 'applied' in outcomes[at] && outcomes[at].applied,
    );
    expect(applied).toHaveLength(1);
  }
  await Promise.all(stores.map((store) => store.close()));
});

it('lets batches of puts and deletes wait for each other, and runs into no deadlock', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const ids = Array.from({ length: 100 }, (_, i) => `ü${i}`);
  const stores = Array.from({ length: 2 }, () => postgresStore({ url: database.url }));
  const [one, other] = stores;
  for (let round = 0; round < 30; round++) {
    await one?.put(ids.toSorted(() => Math.random() - 0.5).map((id) => record(id, 'STARTED')));
    const again = ids.map((id) => record(id, 'RETRY'));
    await Promise.all([
      one?.put(again),
      other?.put(again.toReversed()),
      one?.delete(ids),
      other?.delete(ids.toReversed()),
    ]);
  }
  // What a connection has counted is certain to be there once it has ended.
  await Promise.all(stores.map((store) => store.close()));
  const others = 'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
  await expect.poll(async () => (await database.admin.query(others)).rowCount).toBe(0);
  const { rows } = await database.admin.query(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(rows).toEqual([{ deadlocks: 0 }]);
});

it('survives connections that were killed while they rested', async ({ server }) => {
  await using database = await databaseAt(server.url);
  await withStore({ url: database.url }, async (store) => {
    await Promise.all(Array.from({ length: 5 }, (_, i) => store.put([record(`a${i}`)])));
    await database.killOthers();
    // Longer than what a connection is trusted for without being asked.
    await delay(1_100);
    await database.killOthers();
    expect(await store.put([record('b')])).toEqual([{ applied: true }]);
    expect(await store.get(['a0'])).toMatchObject([{ taskId: 'a0' }]);
  });
});

it('goes on after the server was started anew', { timeout: 60_000 }, async () => {
  const server = await start('postgres');
  if ('missing' in server) throw new Error(server.missing);
  const [node] = server.nodes ?? [];
  await withStore({ url: server.url }, async (store) => {
    await store.put([record('a')]);
    await node?.kill();
    expect(['RB_UNAVAILABLE', 'RB_OUTCOME_UNKNOWN']).toContain(await code(store.put([record('b')])));
    await node?.restart();
    expect(await store.put([record('b')])).toEqual([{ applied: true }]);
    expect(await store.get(['a', 'b'])).toMatchObject([{ taskId: 'a' }, { taskId: 'b' }]);
  });
  await server[Symbol.asyncDispose]();
});
