import { setTimeout as delay } from 'node:timers/promises';
import type { ResultStore, TaskRecord } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { postgresSchema, postgresStore } from '../../src/postgres/index.js';
import { eventually, present, record } from '../support.js';
import { databaseAt } from './database.js';

const it = await serverTest('postgres');

/** So long that nothing is told by the poll within a test. */
const pollMs = 10 * 60_000;

async function watching(store: ResultStore, taskIds: readonly string[]): Promise<string[]> {
  const told: string[] = [];
  await present(store.notify)
    .subscribe({
      record: (outcome) => told.push(`${outcome.taskId} ${(outcome as TaskRecord).state}`),
      gap: () => undefined,
    })
    .add(taskIds);
  return told;
}

/** Sessions that have said LISTEN, and nothing since. */
const LISTENING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";

it('tells of what others wrote, of large batches and of plain SQL too, without polling', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const options = { url: database.url, listen: true, pollMs };
  const reader = postgresStore(options);
  const writer = postgresStore(options);
  const ids = Array.from({ length: 250 }, (_, i) => `${'x'.repeat(100)}${i}`);
  const told = await watching(reader, ['a', 'b', ...ids]);
  await eventually(async () => expect((await database.admin.query(LISTENING)).rowCount).toBe(1));
  await writer.put([record('a', 'STARTED'), record('unwatched')]);
  await eventually(() => expect(told).toEqual(['a STARTED']));
  // As Celery does.
  await database.admin.query("UPDATE celery_taskmeta SET status = 'SUCCESS' WHERE task_id = 'a'");
  await database.admin.query(
    "INSERT INTO celery_taskmeta (id, task_id, status) VALUES (nextval('task_id_sequence'), 'b', 'RETRY')",
  );
  await eventually(() => expect(told.slice(1).toSorted()).toEqual(['a SUCCESS', 'b RETRY']));
  // More than a notification takes.
  await writer.put(ids.map((id) => record(id)));
  await eventually(() => expect(told).toHaveLength(253));
  await Promise.all([reader.close(), writer.close()]);
});

it('listens again after its connection was lost, and tells what was written meanwhile', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const options = { url: database.url, listen: true, pollMs };
  const reader = postgresStore(options);
  const told = await watching(reader, ['a', 'b']);
  await eventually(async () => expect((await database.admin.query(LISTENING)).rowCount).toBe(1));
  await database.killOthers();
  const writer = postgresStore({ url: database.url });
  await writer.put([record('a')]);
  await eventually(() => expect(told).toEqual(['a SUCCESS']));
  await writer.put([record('b')]);
  await eventually(() => expect(told).toEqual(['a SUCCESS', 'b SUCCESS']));
  await Promise.all([reader.close(), writer.close()]);
  // Nothing is left behind.
  await delay(200);
  expect((await database.admin.query(LISTENING)).rowCount).toBe(0);
});

it('deploys its triggers only where it is asked to, and leaves them to stores that do not listen', async ({
  server,
}) => {
  await using database = await databaseAt(server.url);
  const plain = postgresSchema({ url: database.url });
  expect((await plain.deploy()).join()).not.toContain('pg_notify');
  expect((await postgresSchema({ url: database.url, listen: true }).deploy()).join()).toContain('pg_notify');
  expect(await plain.status()).toEqual({ current: 2, latest: 2, pending: [] });
});
