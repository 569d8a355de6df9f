import { serverTest } from '@rb/servers/fixture';
import { expect, vi } from 'vitest';
import { mysqlSchema, mysqlStore } from '../../src/mysql/index.js';
import { code, record } from '../support.js';
import { databaseAt } from './database.js';

for (const service of ['mysql', 'mariadb', 'mariadb-old'] as const) {
  const it = await serverTest(service);

  it(`${service}: refuses what the tables cannot hold, and keeps U+0000`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url, maxBytes: 2 ** 20 });
    expect(await store.put([record('x'.repeat(156))])).toMatchObject([{ refused: { code: 'RB_TOO_LARGE' } }]);
    // Celery's BLOB has 65535 bytes: more is an error of the server, as maxBytes was set too high.
    await expect(store.put([record('a', 'SUCCESS', { result: 'x'.repeat(70_000) })])).rejects.toMatchObject({
      code: 'RB_TOO_LARGE',
      retryable: false,
    });
    await store.put([record('b\0', 'SUCCESS', { result: 'c\0', traceback: 'd\0' })]);
    expect(await store.get(['b\0', 'b'])).toMatchObject([{ result: 'c\0', traceback: 'd\0' }, undefined]);
    await store.close();
  });

  it(`${service}: tells refused credentials, a missing database and missing tables apart`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const codeOf = async (url: string): Promise<unknown> => {
      const store = mysqlStore({ url, createTables: false });
      const error = await store.get(['a']).catch((cause: unknown) => cause);
      await store.close();
      return (error as { readonly code?: unknown }).code;
    };
    expect(await codeOf(database.url.replace(/\/\/.*@/, '//nobody:secret@'))).toBe('RB_DENIED');
    expect(await codeOf(`${database.url}_absent`)).toBe('RB_SCHEMA');
    expect(await codeOf(database.url)).toBe('RB_SCHEMA');
  });

  it(`${service}: survives connections that were killed while they rested`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url });
    await store.put([record('a')]);
    await database.killOthers();
    expect(await store.get(['a'])).toMatchObject([{ taskId: 'a' }]);
    await store.close();
  });

  it(`${service}: deadlocks and rows locked by others are no error of a put`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    // A connection is waited for by as many calls as there are: for how long, on a busy server, is not the point here.
    const stores = Array.from({ length: 8 }, () => mysqlStore({ url: database.url, acquireTimeoutMs: 120_000 }));
    const ids = Array.from({ length: 40 }, (_, i) => `t${i}`);
    const shuffled = (seed: number) => ids.map((_, i) => ids[(i * 7 + seed) % ids.length] ?? '');
    const rounds = stores.flatMap((store, n) =>
      Array.from({ length: 10 }, (_, k) => store.put(shuffled(n + k).map((id) => record(id, 'STARTED')))),
    );
    // Of few rows a delete looks at all in another order, and so mostly ends in a deadlock.
    const deletes = Array.from({ length: 10 }, () => stores.map((store) => store.delete(ids))).flat();
    for (const outcomes of await Promise.all(rounds))
      expect(outcomes.every((o) => 'applied' in o && o.applied)).toBe(true);
    await Promise.all(deletes);
    const finals = await Promise.all(stores.map((store) => store.put(ids.map((id) => record(id)))));
    for (const at of ids.keys()) {
      expect(
        finals.filter((outcomes) => outcomes[at] && 'applied' in outcomes[at] && outcomes[at].applied),
      ).toHaveLength(1);
    }
    await Promise.all(stores.map((store) => store.close()));
  }, 120_000);

  it(`${service}: says who may not do what`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    await mysqlSchema({ url: database.url }).deploy();
    const name = new URL(database.url).pathname.slice(1);
    const user = `'${name.slice(0, 20)}'@'%'`;
    await database.admin.query(`CREATE USER ${user} IDENTIFIED BY 'x'`);
    await database.admin.query(`GRANT SELECT ON ${name}.* TO ${user}`);
    const url = database.url.replace(/\/\/.*@/, `//${name.slice(0, 20)}:x@`);
    const reader = mysqlStore({ url });
    expect(await reader.get(['a'])).toEqual([undefined]);
    for (const batch of [[record('a')], [record('a'), record('b')]])
      await expect(reader.put(batch)).rejects.toMatchObject({ code: 'RB_DENIED', retryable: false });
    expect(await code(reader.delete(['a']))).toBe('RB_DENIED');
    await reader.close();
    const maker = mysqlStore({ url, tables: { task: 'mine', group: 'my_groups' } });
    expect(await code(maker.get(['a']))).toBe('RB_DENIED');
    await maker.close();
    await database.admin.query(`DROP USER ${user}`);
  });

  it(`${service}: names a column or a table that went away, and makes it anew with the next call`, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url });
    await store.put([record('a', 'STARTED')]);
    for (const sql of ['ALTER TABLE celery_taskmeta DROP COLUMN rb_meta', 'DROP TABLE celery_taskmeta']) {
      await database.admin.query(sql);
      const full = record('a', 'STARTED', { meta: { stamp: 's' } });
      await expect(store.put([full])).rejects.toMatchObject({ code: 'RB_SCHEMA' });
      expect(await store.put([full])).toEqual([{ applied: true }]);
      expect(await store.get(['a'])).toEqual([full]);
    }
    await store.close();
  });

  it(`${service}: keeps records of 20 MB in columns that were widened, and refuses what the server takes in no packet`, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    await mysqlSchema({ url: database.url }).deploy();
    await database.admin.query('ALTER TABLE celery_taskmeta MODIFY result LONGBLOB');
    const [[row]] = (await database.admin.query('SELECT @@max_allowed_packet AS bytes')) as unknown as [
      [{ bytes: number }],
    ];
    const narrow = mysqlStore({ url: database.url });
    const wide = mysqlStore({ url: database.url, maxBytes: 2 ** 30 });
    const large = record('a', 'SUCCESS', { result: 'x'.repeat(Math.min(20_000_000, row.bytes - 10_000)) });
    expect(await narrow.put([large])).toMatchObject([
      { refused: { code: 'RB_TOO_LARGE', message: 'the record of task a takes more than 65535 bytes (maxBytes)' } },
    ]);
    expect(await wide.put([large])).toEqual([{ applied: true }]);
    expect(await wide.get(['a'])).toEqual([large]);
    await expect(wide.put([record('b', 'SUCCESS', { result: 'x'.repeat(row.bytes) })])).rejects.toMatchObject({
      code: 'RB_TOO_LARGE',
      retryable: false,
      message: expect.stringContaining('max_allowed_packet'),
    });
    await narrow.close();
    await wide.close();
  }, 60_000);

  it(`${service}: tries again while others keep a row locked, and says so where they keep it too long`, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url, queryTimeoutMs: 3_000 });
    await store.put([record('a', 'STARTED')]);
    await database.admin.beginTransaction();
    await database.admin.query("SELECT * FROM celery_taskmeta WHERE task_id = 'a' FOR UPDATE");
    await expect(store.put([record('a')])).rejects.toMatchObject({
      code: 'RB_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('kept the rows locked'),
    });
    const late = store.put([record('a')]);
    const waiting = async (): Promise<unknown> => {
      const sql = "SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
      const [[row]] = (await database.admin.query(sql)) as unknown as [[{ readonly trx_id: unknown }?]];
      return row?.trx_id;
    };
    // Whoever asks more often than ten times a second is told the same again. Until the server has given up once:
    const rarely = { timeout: 20_000, interval: 200 };
    const first = await vi.waitUntil(waiting, rarely);
    await vi.waitUntil(async () => ![first, undefined].includes((await waiting()) as undefined), rarely);
    await database.admin.commit();
    expect(await late).toEqual([{ applied: true }]);
    await store.close();
  }, 30_000);
}
