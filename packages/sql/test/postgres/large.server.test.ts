import { randomBytes } from 'node:crypto';
import type { TaskRecord } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { code, record } from '../support.js';
import { databaseAt } from './database.js';

const it = await serverTest('postgres');

it('keeps a result of 20 MB', { timeout: 60_000 }, async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url });
  const result = randomBytes(20_000_000);
  await store.put([record('a', 'SUCCESS', { result }), record('b')]);
  const [read] = (await store.get(['a'])) as TaskRecord[];
  expect(result.equals(read?.result as Uint8Array)).toBe(true);
  await store.close();
});

it('refuses to read what would be too long for it, and reads what is beside it', { timeout: 120_000 }, async ({
  server,
}) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url });
  await store.put([record('a')]);
  await database.admin.query(
    `INSERT INTO celery_taskmeta (id, task_id, status, result)
      SELECT nextval('task_id_sequence'), 'huge', 'SUCCESS', repeat('x', 270000000)::bytea`,
  );
  expect(await store.get(['a', 'huge'])).toMatchObject([
    { taskId: 'a' },
    { taskId: 'huge', refused: { code: 'RB_DECODE' } },
  ]);
  await store.close();
});

it('refuses what is larger than an index takes, and changes nothing', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url });
  await store.put([record('a', 'STARTED')]);
  await database.admin.query('CREATE INDEX ON celery_taskmeta (traceback)');
  const traceback = randomBytes(5_000).toString('hex');
  expect(await code(store.put([record('a', 'FAILURE', { traceback })]))).toBe('RB_TOO_LARGE');
  expect(await store.get(['a'])).toMatchObject([{ state: 'STARTED' }]);
  await store.close();
});
