import { setImmediate } from 'node:timers/promises';
import { createResultBackend } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import pg from 'pg';
import { expect } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { code, eventually, record } from '../support.js';
import { databaseAt } from './database.js';

const it = await serverTest('postgres');

const open = async (admin: pg.Client): Promise<number> => {
  // Within a transaction it would look once.
  await admin.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await admin.query(
    'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  return rows[0]?.n;
};

const ids = (n: number): string[] => Array.from({ length: n }, (_, i) => `t${i}`);

it('opens no more connections than poolSize and maxOverflow allow, and keeps no more than poolSize', async ({
  server,
}) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url, poolSize: 2, maxOverflow: 3 });
  await store.get(['a']);
  await database.admin.query('BEGIN; LOCK TABLE celery_taskmeta');
  const reads = ids(20).map((id) => store.get([id]));
  await eventually(async () => expect(await open(database.admin)).toBe(5));
  await database.admin.query('COMMIT');
  await Promise.all(reads);
  await eventually(async () => expect(await open(database.admin)).toBeLessThanOrEqual(2));
  await store.close();
});

it('closes connections that nobody uses, and replaces those that are old', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const idle = postgresStore({ url: database.url, idleTimeoutMs: 50 });
  await idle.put([record('a')]);
  await eventually(async () => expect(await open(database.admin)).toBe(0));
  await idle.close();
  const aged = postgresStore({ url: database.url, maxLifetimeMs: 50 });
  const pids = new Set<unknown>();
  await eventually(async () => {
    await aged.get(['a']);
    const { rows } = await database.admin.query(
      'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    for (const { pid } of rows) pids.add(pid);
    expect(pids.size).toBeGreaterThan(2);
  });
  await aged.close();
});

it('rejects who waits too long for a connection, and serves the next', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url, poolSize: 1, acquireTimeoutMs: 1_000 });
  await store.get(['a']);
  await database.admin.query('BEGIN; LOCK TABLE celery_taskmeta');
  const first = store.get(['a']);
  expect(await code(store.get(['b']))).toBe('RB_UNAVAILABLE');
  await database.admin.query('COMMIT');
  expect(await first).toEqual([undefined]);
  expect(await store.get(['b'])).toEqual([undefined]);
  await store.close();
});

it('gives up a connection whose answer takes too long, whatever else it is asked', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url, queryTimeoutMs: 1_000 });
  await store.put([record('a')]);
  await database.admin.query('BEGIN; LOCK TABLE celery_taskmeta');
  expect(await code(store.get(['a']))).toBe('RB_UNAVAILABLE');
  expect(await code(store.put([record('b')]))).toBe('RB_OUTCOME_UNKNOWN');
  await database.admin.query('COMMIT');
  expect(await store.get(['a'])).toMatchObject([{ taskId: 'a' }]);
  await store.close();
});

it('takes an answer that came while the process was busy for longer than one may take', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url, queryTimeoutMs: 1_000 });
  await store.put([record('a', 'STARTED')]);
  const stored = store.put([record('a')]);
  await setImmediate(); // It has been sent.
  const until = performance.now() + 2_000;
  while (performance.now() < until);
  expect(await stored).toEqual([{ applied: true }]);
  await store.close();
});

it('lets the server cancel what takes too long, and keeps the connection', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url, statementTimeoutMs: 200 });
  await store.put([record('a')]);
  await database.admin.query('BEGIN; LOCK TABLE celery_taskmeta');
  expect(await code(store.put([record('a', 'STARTED')]))).toBe('RB_UNAVAILABLE');
  await database.admin.query('COMMIT');
  expect(await open(database.admin)).toBe(1);
  await store.close();
});

it('fails no read whose connection is killed under it', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url, poolSize: 3 });
  await store.put([record('a')]);
  await database.admin.query('BEGIN; LOCK TABLE celery_taskmeta');
  const reads = ids(10).map(() => store.get(['a']));
  await eventually(async () => expect(await open(database.admin)).toBe(3));
  await database.killOthers();
  await database.admin.query('COMMIT');
  expect(await Promise.all(reads)).toMatchObject(reads.map(() => [{ taskId: 'a' }]));
  await store.close();
});

it('serves ten thousand calls at once over ten connections', { timeout: 120_000 }, async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url, poolSize: 10, acquireTimeoutMs: 60_000 });
  const backend = createResultBackend(store);
  const many = ids(10_000);
  await Promise.all(many.map((id, i) => backend.store(id, 'SUCCESS', i)));
  const read = await Promise.all(many.map((id) => backend.get(id)));
  expect(read.map(({ result }) => result)).toEqual([...many.keys()]);
  // Each by itself, as other processes would.
  const alone = await Promise.all(many.map((id) => store.get([id])));
  expect(alone.flat().map((found) => found && 'result' in found && found.result)).toEqual([...many.keys()]);
  expect(await open(database.admin)).toBe(10);
  await backend.close();
});

it('works over one client that is passed in, and leaves it open', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const store = postgresStore({ client });
  const other = postgresStore({ client });
  const many = ids(20);
  // An id that comes twice makes a transaction, which nobody may come between.
  await Promise.all(
    many.map((id, i) => (i % 2 ? store : other).put([record(id, 'STARTED'), record(id, 'SUCCESS', { result: id })])),
  );
  await other.close();
  expect(await store.get(many)).toMatchObject(many.map((id) => ({ state: 'SUCCESS', result: id })));
  await store.close();
  expect((await client.query('SELECT 1')).rowCount).toBe(1);
  await client.end();
});

it('rejects as unavailable where the client that was passed in is lost', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const store = postgresStore({ client });
  await store.put([record('a')]);
  await database.killOthers();
  await eventually(async () => expect(await code(store.put([record('b')]))).toBe('RB_UNAVAILABLE'));
  expect(await code(store.get(['a']))).toBe('RB_UNAVAILABLE');
  await store.close();
});
