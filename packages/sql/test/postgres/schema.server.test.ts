import { serverTest } from '@rb/servers/fixture';
import { CELERY_VERSIONS, postgresDdl } from '@rb/vectors';
import { expect } from 'vitest';
import { postgresSchema, postgresStore } from '../../src/postgres/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

const it = await serverTest('postgres');

/** Columns, indexes and sequences, in PostgreSQL's own words. */
const SHAPE = `SELECT table_name || '.' || column_name || ' ' || data_type || coalesce(character_maximum_length::text, '')
    || ' ' || is_nullable || coalesce(column_default, '') AS line FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT sequencename || data_type || increment_by FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1`;

it('creates exactly what Celery 5.6.3 creates, where nothing is to be added', async ({ server }) => {
  await using ours = await databaseAt(server.url);
  await using theirs = await databaseAt(server.url);
  await postgresSchema({ url: ours.url, layout: 'celery' }).deploy();
  for (const sql of postgresDdl('5.6.3')) await theirs.admin.query(sql);
  expect((await ours.admin.query(SHAPE)).rows).toEqual((await theirs.admin.query(SHAPE)).rows);
});

for (const celery of CELERY_VERSIONS) {
  it(`adds to tables that Celery ${celery} made, and leaves its rows`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    for (const sql of postgresDdl(celery)) await database.admin.query(sql);
    await database.admin.query(
      "INSERT INTO celery_taskmeta (id, task_id, status) VALUES (nextval('task_id_sequence'), 'a', 'STARTED')",
    );
    const schema = postgresSchema({ url: database.url });
    expect(await schema.status()).toMatchObject({ current: 1, latest: 2 });
    const { pending } = await schema.status();
    expect(await schema.deploy()).toEqual(pending);
    expect(pending.join('\n')).not.toMatch(/DROP|DELETE FROM "celery|CREATE SEQUENCE|CREATE TABLE "celery/);
    expect(await schema.status()).toEqual({ current: 2, latest: 2, pending: [] });
    const store = postgresStore({ url: database.url, createTables: false });
    expect(await store.get(['a'])).toMatchObject([{ state: 'STARTED', meta: {} }]);
    const records = [record('a', 'RETRY'), record('b', 'RETRY')];
    expect(await store.put(records)).toEqual([{ applied: true }, { applied: true }]);
    // The row that was there has kept its number; only the new one drew another.
    const { rows } = await database.admin.query('SELECT task_id, id FROM celery_taskmeta ORDER BY id');
    expect(rows).toEqual([
      { task_id: 'a', id: 1 },
      { task_id: 'b', id: 2 },
    ]);
    await store.close();
  });
}

it('deploys once where twenty begin together', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const done = await Promise.all(Array.from({ length: 20 }, () => postgresSchema({ url: database.url }).deploy()));
  expect(done.filter((statements) => statements.length > 0)).toHaveLength(1);
  expect(await postgresSchema({ url: database.url }).status()).toMatchObject({ current: 2, pending: [] });
});

it('keeps pairs of tables in schemas of their own apart', async ({ server }) => {
  await using database = await databaseAt(server.url);
  await database.admin.query('CREATE SCHEMA "Results"; CREATE SCHEMA groups');
  const schemas = { task: 'Results', group: 'groups' };
  const there = postgresStore({ url: database.url, schemas });
  const here = postgresStore({ url: database.url });
  await there.put([record('a')]);
  await there.groups?.save({ groupId: 'g', members: [], parent: null, expiresAt: null });
  expect(await here.get(['a'])).toEqual([undefined]);
  expect(await here.groups?.load('g')).toBeUndefined();
  expect((await database.admin.query('SELECT task_id FROM "Results".celery_taskmeta')).rows).toHaveLength(1);
  expect((await database.admin.query('SELECT taskset_id FROM groups.celery_tasksetmeta')).rows).toHaveLength(1);
  await here.close();
  await there.close();
});
