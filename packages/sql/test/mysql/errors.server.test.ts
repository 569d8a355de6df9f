import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { mysqlSchema, mysqlStore } from '../../src/mysql/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

for (const service of ['mysql', 'mariadb'] as const) {
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
    const stores = Array.from({ length: 4 }, () => mysqlStore({ url: database.url }));
    const ids = Array.from({ length: 40 }, (_, i) => `t${i}`);
    const shuffled = (seed: number) => ids.map((_, i) => ids[(i * 7 + seed) % ids.length] ?? '');
    const rounds = stores.flatMap((store, n) =>
      Array.from({ length: 10 }, (_, k) => store.put(shuffled(n + k).map((id) => record(id, 'STARTED')))),
    );
    const deletes = stores.map((store) => store.delete(ids));
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
  });

  it(`${service}: deploys once where twenty begin together`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const done = await Promise.all(Array.from({ length: 20 }, () => mysqlSchema({ url: database.url }).deploy()));
    expect(done.filter((statements) => statements.length > 0)).toHaveLength(1);
    expect(await mysqlSchema({ url: database.url }).status()).toMatchObject({ current: 2, pending: [] });
  });
}
