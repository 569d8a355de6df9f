import { ResultNode } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { mysqlStore } from '../../src/mysql/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

const applied = { applied: true };
const left = { applied: false, state: 'SUCCESS' };

/** More than any number of attempts would draw. */
const BEHIND = 3_000;

// MySQL numbers rows itself.
for (const service of ['mariadb', 'mariadb-old'] as const) {
  const it = await serverTest(service);

  for (const layout of ['extended', 'celery'] as const) {
    it(`${service}, ${layout}: no row is taken for another's where the sequence is behind, as after a restored dump`, async ({
      server,
    }) => {
      await using database = await databaseAt(server.url);
      const { admin } = database;
      const store = mysqlStore({ url: database.url, layout });
      const stored = ['a', 'b', 'c'].map((id) => record(id, 'STARTED', { result: id }));
      await store.put(stored);
      await admin.query(`UPDATE celery_taskmeta SET id = id + ${BEHIND}`);
      await admin.query(
        `INSERT INTO celery_taskmeta (id, task_id, status) SELECT seq, CONCAT('t', seq), 'STARTED' FROM seq_1_to_${BEHIND}`,
      );
      const behind = () => admin.query('ALTER SEQUENCE task_id_sequence RESTART 1');

      await behind();
      expect(await store.put([record('d', 'SUCCESS', { result: 'd' })])).toEqual([applied]);
      await behind();
      const batch = ['e', 'd', 'f'].map((id) => record(id, 'FAILURE'));
      expect(await store.put(batch)).toEqual([applied, left, applied]);
      await behind();
      const many = Array.from({ length: 20 }, (_, n) => `m${n}`);
      for (const outcome of await Promise.all(many.map((id) => store.put([record(id)]))))
        expect(outcome).toEqual([applied]);

      expect(await store.get(['a', 'b', 'c'])).toMatchObject(
        stored.map(({ result }) => ({ state: 'STARTED', result })),
      );
      expect(await store.get(['d', 'e', 'f'])).toMatchObject([
        { state: 'SUCCESS', result: 'd' },
        { state: 'FAILURE' },
        { state: 'FAILURE' },
      ]);
      const [rows] = await admin.query("SELECT COUNT(*) AS n FROM celery_taskmeta WHERE status = 'STARTED'");
      expect(rows).toEqual([{ n: BEHIND + 3 }]);
      await store.close();
    });
  }

  it(`${service}: saves a group where the sequence is behind`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url });
    const group = (groupId: string) => ({
      groupId,
      members: [new ResultNode(`task of ${groupId}`)],
      parent: null,
      expiresAt: null,
    });
    await store.groups?.save(group('g'));
    await database.admin.query(
      `INSERT INTO celery_tasksetmeta (id, taskset_id) SELECT seq, CONCAT('g', seq) FROM seq_2_to_${BEHIND}`,
    );
    await database.admin.query('ALTER SEQUENCE taskset_id_sequence RESTART 1');
    await store.groups?.save(group('h'));
    expect(await store.groups?.load('g')).toMatchObject(group('g'));
    expect(await store.groups?.load('h')).toMatchObject(group('h'));
    await store.close();
  });
}

/** The largest id of Celery's column. */
const LAST = 2 ** 31 - 1;

for (const service of ['mysql', 'mariadb'] as const) {
  const it = await serverTest(service);
  const idType = `BIGINT NOT NULL${service === 'mysql' ? ' AUTO_INCREMENT' : ''}`;

  for (const layout of ['extended', 'celery'] as const) {
    it(`${service}, ${layout}: no row is taken for another's where the ids are used up`, async ({ server }) => {
      await using database = await databaseAt(server.url);
      const { admin } = database;
      const store = mysqlStore({ url: database.url, layout });
      await store.get([]);
      // Without our columns a put draws from the sequence twice.
      const drawn = layout === 'celery' ? LAST - 1 : LAST;
      await admin.query(
        service === 'mysql'
          ? `ALTER TABLE celery_taskmeta AUTO_INCREMENT = ${LAST}`
          : `ALTER SEQUENCE task_id_sequence RESTART ${drawn}`,
      );
      expect(await store.put([record('last', 'STARTED')])).toEqual([applied]);
      for (const ids of [['a'], ['b', 'c']])
        await expect(store.put(ids.map((id) => record(id)))).rejects.toMatchObject({
          code: 'RB_STORE',
          message: expect.stringContaining('BIGINT'),
        });
      expect(await store.get(['last', 'a', 'b'])).toMatchObject([{ state: 'STARTED' }, undefined, undefined]);
      await admin.query(`ALTER TABLE celery_taskmeta MODIFY id ${idType}`);
      expect(await store.put([record('a'), record('last')])).toEqual([applied, applied]);
      await store.close();
    });
  }
}
