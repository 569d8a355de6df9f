import { ResultNode } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { CELERY_VERSIONS, mysqlDdl } from '@rb/vectors';
import { expect } from 'vitest';
import { mysqlSchema, mysqlStore } from '../../src/mysql/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

for (const service of ['mysql', 'mariadb', 'mariadb-old'] as const) {
  const it = await serverTest(service);
  const product = service === 'mysql' ? 'mysql' : 'mariadb';
  const id = service === 'mysql' ? 'DEFAULT' : 'NEXTVAL(task_id_sequence)';

  for (const celery of CELERY_VERSIONS) {
    it(`${service}: adds to tables that Celery ${celery} made, and leaves their rows`, async ({ server }) => {
      await using database = await databaseAt(server.url);
      for (const sql of mysqlDdl(celery, product)) await database.admin.query(sql);
      await database.admin.query(`INSERT INTO celery_taskmeta (id, task_id, status) VALUES (${id}, 'a', 'STARTED')`);
      const schema = mysqlSchema({ url: database.url });
      const { current, pending } = await schema.status();
      expect(current).toBe(1);
      expect(await schema.deploy()).toEqual(pending);
      expect(pending.join('\n')).not.toMatch(/DROP|DELETE FROM|CREATE (SEQUENCE|TABLE `celery)/);
      expect(await schema.status()).toEqual({ current: 2, latest: 2, pending: [] });
      expect(await schema.diff()).toEqual([]);
      const store = mysqlStore({ url: database.url, createTables: false });
      expect(await store.get(['a'])).toMatchObject([{ state: 'STARTED', meta: {} }]);
      expect(await store.put([record('a'), record('A')])).toEqual([{ applied: true }, { applied: true }]);
      expect(await store.get(['a', 'A', 'a '])).toMatchObject([{ taskId: 'a' }, { taskId: 'A' }, undefined]);
      await store.close();
    });
  }

  it(`${service}: writes to no table where it could make a task twice, and says which index is missing`, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    for (const sql of mysqlDdl('5.6.3', product)) await database.admin.query(sql);
    // As for partitions by date, whose every unique key has to have it.
    await database.admin.query(
      'ALTER TABLE celery_taskmeta DROP INDEX task_id, ADD UNIQUE task_id (task_id, date_done)',
    );
    await database.admin.query(`INSERT INTO celery_taskmeta (id, task_id, status) VALUES (${id}, 'a', 'STARTED')`);
    const said = /has no unique index on task_id alone.*ALTER TABLE `celery_taskmeta` ADD UNIQUE \(task_id\)/;
    for (const layout of ['extended', 'celery'] as const) {
      const store = mysqlStore({ url: database.url, layout });
      expect(await store.get(['a'])).toMatchObject([{ state: 'STARTED' }]);
      for (const ids of [['a'], ['a', 'b']])
        await expect(store.put(ids.map((each) => record(each)))).rejects.toMatchObject({
          code: 'RB_SCHEMA',
          message: expect.stringMatching(said),
        });
      await store.close();
    }
    expect(await mysqlSchema({ url: database.url }).diff()).toContainEqual(expect.stringMatching(said));
    const store = mysqlStore({ url: database.url });
    await expect(store.put([record('a')])).rejects.toMatchObject({ code: 'RB_SCHEMA' });
    await database.admin.query('ALTER TABLE celery_taskmeta ADD UNIQUE (task_id)');
    expect(await store.put([record('a')])).toEqual([{ applied: true }]);
    expect(await mysqlSchema({ url: database.url }).diff()).toEqual([]);
    await store.close();
  });

  it(`${service}: takes tables whose ids were made BIGINT`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    for (const sql of mysqlDdl('5.6.3', product)) await database.admin.query(sql);
    for (const table of ['celery_taskmeta', 'celery_tasksetmeta'])
      await database.admin.query(
        `ALTER TABLE ${table} MODIFY id BIGINT NOT NULL${service === 'mysql' ? ' AUTO_INCREMENT' : ''}`,
      );
    const store = mysqlStore({ url: database.url });
    const members = ['a', 'b'].map((id) => new ResultNode(id));
    await store.groups?.save({ groupId: 'g', members, parent: null, expiresAt: null });
    expect(await store.groups?.report('g', record('a'))).toMatchObject({ reported: 1 });
    expect(await store.put([record('a')])).toEqual([{ applied: true }]);
    expect(await mysqlSchema({ url: database.url }).diff()).toEqual([]);
    await store.close();
  });

  it(`${service}: changes a large table without copying it on first use, while others write to it`, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    for (const sql of mysqlDdl('5.2.6', product)) await database.admin.query(sql);
    await database.admin.query(
      `INSERT INTO celery_taskmeta (id, task_id, status, result) VALUES (${id}, UUID(), 'STARTED', REPEAT('x', 60000))`,
    );
    for (let i = 0; i < 9; i++) {
      await database.admin.query(
        `INSERT INTO celery_taskmeta (id, task_id, status, result) SELECT ${id === 'DEFAULT' ? '0' : id}, UUID(), status, result FROM celery_taskmeta`,
      );
    }
    await database.admin.query('ANALYZE TABLE celery_taskmeta');
    const store = mysqlStore({ url: database.url });
    expect(await store.put([record('a'), record('a')])).toMatchObject([{ applied: true }, { applied: false }]);
    const { pending } = await mysqlSchema({ url: database.url }).status();
    expect(pending.filter((sql) => !sql.startsWith('CREATE INDEX'))).toEqual([
      expect.stringMatching(/^ALTER TABLE `celery_taskmeta` MODIFY task_id/),
    ]);
    for (const sql of pending.filter((text) => text.startsWith('CREATE INDEX'))) expect(sql).toContain('LOCK=NONE');
    const told: (number | undefined)[] = [];
    const deployed = mysqlSchema({ url: database.url }).deploy({ onProgress: ({ done }) => told.push(done) });
    expect(await deployed).toEqual(pending);
    expect(told.at(-1)).toBe(pending.length - 1);
    expect(await store.put([record('A')])).toEqual([{ applied: true }]);
    expect(await mysqlSchema({ url: database.url }).status()).toMatchObject({ current: 2, pending: [] });
    await store.close();
  }, 60_000);

  it(`${service}: deploys once where twenty begin together`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const done = await Promise.all(Array.from({ length: 20 }, () => mysqlSchema({ url: database.url }).deploy()));
    expect(done.filter((statements) => statements.length > 0)).toHaveLength(1);
    expect(await mysqlSchema({ url: database.url }).status()).toMatchObject({ current: 2, pending: [] });
  });

  it(`${service}: does not wait for ever behind a transaction that uses the table`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    for (const sql of mysqlDdl('5.2.6', product)) await database.admin.query(sql);
    await database.admin.beginTransaction();
    await database.admin.query('SELECT * FROM celery_taskmeta');
    const store = mysqlStore({ url: database.url });
    await expect(store.get(['a'])).rejects.toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
    await database.admin.commit();
    expect(await store.get(['a'])).toEqual([undefined]);
    await store.close();
  }, 30_000);
}
