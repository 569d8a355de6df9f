import { serverTest } from '@rb/servers/fixture';
import pg from 'pg';
import { expect } from 'vitest';
import { type PostgresStoreOptions, postgresStore } from '../../src/postgres/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

const direct = await serverTest('postgres');
const pooled = await serverTest('pgbouncer');

/** How many statements are prepared on the one connection of a pool, after some calls. */
async function preparedBy(url: string, prepare?: PostgresStoreOptions['prepare']): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const store = postgresStore({ pool, prepare });
  await store.put([record('a')]);
  await store.get(['a']);
  const { rows } = await pool.query("SELECT count(*)::int AS n FROM pg_prepared_statements WHERE name LIKE 'rb%'");
  await store.close();
  await pool.end();
  return rows[0]?.n;
}

direct(
  'prepares statements on connections that lead to the server itself, unless told otherwise',
  async ({ server }) => {
    await using database = await databaseAt(server.url);
    expect(await preparedBy(database.url)).toBeGreaterThan(1);
    expect(await preparedBy(database.url, false)).toBe(0);
  },
);

pooled('prepares nothing through a pooler, unless told otherwise', async ({ server }) => {
  await using database = await databaseAt(server.url);
  expect(await preparedBy(database.url)).toBe(0);
});

pooled('keeps apart the callers of a pooler that hands every statement to another connection', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const stores = Array.from({ length: 3 }, () => postgresStore({ url: database.url, poolSize: 3 }));
  const ids = Array.from({ length: 50 }, (_, i) => `t${i}`);
  await Promise.all(ids.map((id, i) => stores[i % 3]?.put([record(id, 'SUCCESS', { result: id })])));
  const read = await Promise.all(ids.map((id, i) => stores[(i + 1) % 3]?.get([id])));
  expect(read).toMatchObject(ids.map((id) => [{ taskId: id, result: id }]));
  await Promise.all(stores.map((store) => store.close()));
});

async function throughOne(url: string, work: (pool: pg.Pool) => Promise<unknown>): Promise<void> {
  await using database = await databaseAt(url);
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  const store = postgresStore({ pool });
  await store.put([record('a'), record('b')]);
  await store.put([record('c')]);
  await store.get(['a']);
  await work(pool);
  expect(await store.put([record('d'), record('e')])).toEqual([{ applied: true }, { applied: true }]);
  expect(await store.put([record('f')])).toEqual([{ applied: true }]);
  expect(await store.get(['a', 'f'])).toMatchObject([{ taskId: 'a' }, { taskId: 'f' }]);
  await store.close();
  await pool.end();
}

direct('goes on where what was prepared is gone', ({ server }) =>
  throughOne(server.url, (pool) => pool.query('DISCARD ALL')),
);

direct('goes on where a deployment has changed the type of a column', ({ server }) =>
  throughOne(server.url, (pool) => pool.query('ALTER TABLE celery_taskmeta ALTER COLUMN rb_meta TYPE varchar(1000)')),
);

direct('keeps apart two stores on one pool', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  const one = postgresStore({ pool });
  const other = postgresStore({ pool, tables: { task: 'other_task', group: 'other_group' } });
  await one.put([record('a')]);
  await other.put([record('b')]);
  expect(await one.get(['a', 'b'])).toMatchObject([{ taskId: 'a' }, undefined]);
  expect(await other.get(['a', 'b'])).toMatchObject([undefined, { taskId: 'b' }]);
  await Promise.all([one.close(), other.close()]);
  await pool.end();
});
