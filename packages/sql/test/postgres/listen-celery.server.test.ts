import { createResultBackend } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import { sharedServer } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { eventually } from '../support.js';
import { databaseAt } from './database.js';

const server = await sharedServer('postgres');
const it = await celeryTest('5.6.3');

/** So long that nothing is told by the poll. */
const pollMs = 10 * 60_000;

const LISTENERS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND query LIKE 'LISTEN%'`;

it('resolves every wait for what a Python worker stores, while its LISTEN connection is killed again and again', {
  timeout: 120_000,
}, async ({ oracle, skip }) => {
  if ('missing' in server) return skip(server.missing);
  await using database = await databaseAt(server.url);
  const backend = `db+${database.url.replace('postgresql:', 'postgresql+psycopg2:')}`;
  const app = database.url;
  await oracle.call('configure', { app, backend });
  await using results = createResultBackend(postgresStore({ url: database.url, listen: true, pollMs }), {
    safetyPollMs: pollMs,
  });
  const ids = Array.from({ length: 60 }, (_, i) => `t${i}`);
  const waiting = ids.map((id) => results.wait(id, { timeoutMs: 60_000 }));
  const listening = async (): Promise<number> =>
    (
      await database.admin.query(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()",
      )
    ).rowCount ?? 0;
  await eventually(async () => expect(await listening()).toBe(1));
  for (const [i, id] of ids.entries()) {
    if (i % 10 === 5) await database.admin.query(LISTENERS);
    await oracle.call('mark_as_done', { app, task_id: id, result: i });
    // One, however many wait, and however often it was lost.
    expect(await listening()).toBeLessThanOrEqual(1);
  }
  const records = await Promise.all(waiting);
  expect(records.map(({ result }) => result)).toEqual([...ids.keys()]);
});
