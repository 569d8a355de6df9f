import { start } from '@rb/servers/start';
import pg from 'pg';
import { expect, it } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { record } from '../support.js';

it('says that the disk is full, and still reads; writes again where there is room', async ({ skip }) => {
  // Of its own, as its files are tampered with.
  const server = await start('postgres');
  if ('missing' in server) return skip(server.missing);
  const store = postgresStore({ url: server.url });
  await store.put([record('a', 'STARTED')]);
  const admin = new pg.Client(server.url);
  await admin.connect();
  const { rows } = await admin.query<{ path: string }>(
    "SELECT pg_relation_filepath(reltoastrelid) AS path FROM pg_class WHERE relname = 'celery_taskmeta'",
  );
  const path = rows[0]?.path;
  // Where long values go, every write meets ENOSPC. The server runs it, in the folder of its data.
  await admin.query(`COPY (SELECT 1) TO PROGRAM 'ln -sf /dev/full ${path}'`);
  const long = record('b', 'SUCCESS', { result: crypto.getRandomValues(new Uint8Array(60_000)) });
  await expect(store.put([long])).rejects.toMatchObject({
    code: 'RB_UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining('full'),
    cause: { code: '53100' },
  });
  expect(await store.get(['a', 'b'])).toMatchObject([{ state: 'STARTED' }, undefined]);
  await store.close(); // Its connection has the file open.
  await admin.query(`COPY (SELECT 1) TO PROGRAM 'rm ${path} && touch ${path}'`);
  const later = postgresStore({ url: server.url });
  expect(await later.put([long])).toEqual([{ applied: true }]);
  expect(await later.get(['b'])).toMatchObject([{ result: long.result }]);
  await later.close();
  await admin.end();
  await server[Symbol.asyncDispose]();
}, 60_000);
