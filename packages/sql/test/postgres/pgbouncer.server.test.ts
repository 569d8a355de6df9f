import type { ResultStore } from '@rb/core';
import { start } from '@rb/servers/start';
import { afterAll, expect, it } from 'vitest';
import { type PostgresStoreOptions, postgresStore } from '../../src/postgres/index.js';
import { code, eventually, record } from '../support.js';
import { databaseAt } from './database.js';

// One connection to the server, for which nobody waits long.
const server = await start('pgbouncer', {
  config: { default_pool_size: '1', query_wait_timeout: '1', server_login_retry: '1', max_client_conn: '20' },
});
const url = 'missing' in server ? '' : server.url;
afterAll(() => ('missing' in server ? undefined : server[Symbol.asyncDispose]()));

async function withStore<T>(options: PostgresStoreOptions, work: (store: ResultStore) => Promise<T>): Promise<T> {
  const store = postgresStore(options);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const failure = (options: PostgresStoreOptions): Promise<unknown> =>
  withStore({ createTables: false, ...options }, (store) => code(store.get(['a'])));

it("tells a pooler's refusals apart", async ({ skip }) => {
  if ('missing' in server) return skip(server.missing);
  expect(await failure({ url: url.replace(/\/\/.*@/, '//postgres:wrong@') })).toBe('RB_DENIED');
  expect(await failure({ url: url.replace(/\/\/.*@/, '//nobody:postgres@') })).toBe('RB_DENIED');
  expect(await failure({ url: `${url}_absent` })).toBe('RB_SCHEMA');
  expect(await failure({ url, statementTimeoutMs: 1_000 })).toBe('RB_UNSUPPORTED');
});

it('rejects as unavailable what no server connection could be had for, and goes on after it', {
  timeout: 30_000,
}, async ({ skip }) => {
  if ('missing' in server) return skip(server.missing);
  await using database = await databaseAt(url);
  await withStore({ url: database.url }, async (store) => {
    await store.put([record('a')]);
    await database.admin.query('BEGIN');
    expect(await code(store.put([record('b')]))).toBe('RB_UNAVAILABLE');
    await database.admin.query('COMMIT');
    expect(await store.put([record('b')])).toEqual([{ applied: true }]);
  });
});

it('is there again after the server behind the pooler was', { timeout: 60_000 }, async ({ skip }) => {
  if ('missing' in server) return skip(server.missing);
  const postgres = server.nodes?.at(-1);
  await using database = await databaseAt(url);
  await withStore({ url: database.url }, async (store) => {
    await store.put([record('a')]);
    await postgres?.kill();
    expect(['RB_UNAVAILABLE', 'RB_OUTCOME_UNKNOWN']).toContain(await code(store.put([record('b')])));
    await postgres?.restart();
    await eventually(async () => expect(await code(store.put([record('b')]))).toBe('no error'));
    expect(await store.get(['a', 'b'])).toMatchObject([{ taskId: 'a' }, { taskId: 'b' }]);
  });
});
