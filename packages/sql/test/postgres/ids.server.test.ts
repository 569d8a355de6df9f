import { ResultNode } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { postgresSchema, postgresStore } from '../../src/postgres/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

/** More than any number of attempts would draw. */
const BEHIND = 10_000;

const it = await serverTest('postgres');

for (const layout of ['extended', 'celery'] as const) {
  it(`${layout}: writes where the sequence is behind, as after a restored dump`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const { admin } = database;
    const store = postgresStore({ url: database.url, layout });
    await store.get([]);
    await admin.query(
      `INSERT INTO celery_taskmeta (id, task_id, status) SELECT n, 't' || n, 'STARTED' FROM generate_series(1, ${BEHIND}) n`,
    );
    expect(await store.put([record('a')])).toEqual([{ applied: true }]);
    await admin.query('ALTER SEQUENCE task_id_sequence RESTART 1');
    expect(await store.put([record('b', 'FAILURE'), record('a', 'FAILURE')])).toEqual([
      { applied: true },
      { applied: false, state: 'SUCCESS' },
    ]);
    await admin.query('ALTER SEQUENCE task_id_sequence RESTART 1');
    const many = Array.from({ length: 20 }, (_, n) => `m${n}`);
    for (const outcome of await Promise.all(many.map((id) => store.put([record(id)]))))
      expect(outcome).toEqual([{ applied: true }]);
    const { rows } = await admin.query('SELECT count(*)::int AS n FROM celery_taskmeta');
    expect(rows).toEqual([{ n: BEHIND + 22 }]);
    await store.close();
  });
}

it('saves a group where the sequence is behind', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url });
  await store.get([]);
  await database.admin.query(
    `INSERT INTO celery_tasksetmeta (id, taskset_id) SELECT n, 'g' || n FROM generate_series(1, ${BEHIND}) n`,
  );
  const group = { groupId: 'g', members: [new ResultNode('a')], parent: null, expiresAt: null };
  await store.groups?.save(group);
  expect(await store.groups?.load('g')).toMatchObject(group);
  await store.close();
});

it('draws past what is there where the role may do no more, and says which right is missing', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const { admin } = database;
  await postgresSchema({ url: database.url }).deploy();
  const role = new URL(database.url).pathname.slice(1);
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role};
    INSERT INTO celery_taskmeta (id, task_id) SELECT n, 't' || n FROM generate_series(1, ${BEHIND}) n`);
  const store = postgresStore({ url: database.url.replace(/\/\/.*@/, `//${role}:x@`) });
  await admin.query(`ALTER SEQUENCE task_id_sequence RESTART ${BEHIND - 3}`);
  expect(await store.put([record('a')])).toEqual([{ applied: true }]);
  await admin.query('ALTER SEQUENCE task_id_sequence RESTART 1');
  await expect(store.put([record('b')])).rejects.toMatchObject({
    code: 'RB_STORE',
    message: expect.stringContaining('GRANT UPDATE'),
  });
  await store.close();
  await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

it('says what to do where the ids are used up', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url });
  await store.get([]);
  await database.admin.query(`ALTER SEQUENCE task_id_sequence RESTART ${2 ** 31}`);
  const put = () => store.put([record('a')]);
  await expect(put()).rejects.toMatchObject({ code: 'RB_STORE', message: expect.stringContaining('bigint') });
  await database.admin.query('ALTER TABLE celery_taskmeta ALTER COLUMN id TYPE bigint');
  expect(await put()).toEqual([{ applied: true }]);
  await store.close();
});
