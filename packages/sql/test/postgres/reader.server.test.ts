import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { code, eventually, present, record } from '../support.js';
import { databaseAt, type TestDatabase } from './database.js';

const it = await serverTest('postgres');

/** Celery's own tables with a result in them, and a user who may only read. */
async function readerOf({ url, admin }: TestDatabase): Promise<{ role: string; url: string }> {
  const celery = postgresStore({ url, layout: 'celery' });
  await celery.put([record('a')]);
  await celery.close();
  const role = `rb_reader_${process.pid}`;
  await admin.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
  );
  return { role, url: url.replace(/\/\/.*@/, `//${role}:reader@`) };
}

it('reads what Celery wrote as a user who may only read, and sees more once somebody has deployed', async ({
  server,
}) => {
  await using database = await databaseAt(server.url);
  const { role, url } = await readerOf(database);
  const store = postgresStore({ url });
  expect(await store.get(['a', 'b'])).toMatchObject([{ state: 'SUCCESS' }, undefined]);
  for await (const { records } of present(store.scan).pages()) expect(records).toMatchObject([{ taskId: 'a' }]);
  expect(await Promise.all([1, 2, 3].map(() => code(store.put([record('b')]))))).toEqual(Array(3).fill('RB_DENIED'));

  const writer = postgresStore({ url: database.url });
  await writer.put([record('b', 'SUCCESS', { expiresAt: Date.now() + 60_000 })]);
  await eventually(async () => expect(await store.get(['b'])).toMatchObject([{ expiresAt: expect.any(Number) }]));
  expect(await code(store.put([record('c')]))).toBe('RB_DENIED');
  await database.admin.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
  expect(await store.put([record('c')])).toEqual([{ applied: true }]);
  await writer.close();
  await store.close();
  await database.admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});
