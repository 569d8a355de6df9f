import type { Server } from '@rb/servers/service';
import { start } from '@rb/servers/start';
import mysql from 'mysql2/promise';
import { afterAll, describe, expect, it } from 'vitest';
import { mysqlStore } from '../../src/mysql/index.js';
import { code, eventually, record } from '../support.js';
import { databaseAt } from './database.js';

for (const service of ['mysql', 'mariadb', 'mariadb-old'] as const) {
  // Of its own, as it is killed, made read only and filled up with connections.
  const server = await start(service, { config: { 'max-connections': '30' } });

  describe.skipIf('missing' in server)(service, () => {
    if ('missing' in server) return;
    afterAll(() => server[Symbol.asyncDispose]());

    it('a connection that was killed fails no read, whether it rested or not', async () => {
      await using database = await databaseAt(server.url);
      const store = mysqlStore({ url: database.url, poolSize: 5 });
      await Promise.all(Array.from({ length: 20 }, (_, i) => store.put([record(`a${i}`)])));
      for (let i = 0; i < 5; i++) {
        await database.killOthers();
        expect(await store.get(['a0'])).toMatchObject([{ taskId: 'a0' }]);
        await Promise.all(Array.from({ length: 20 }, () => store.get(['a1'])));
      }
      await store.close();
    });

    it('goes on after the server was started anew, with no more than one call that says it does not know', async () => {
      await using database = await databaseAt(server.url);
      const store = mysqlStore({ url: database.url });
      await Promise.all(Array.from({ length: 20 }, (_, i) => store.put([record(`a${i}`)])));
      await nodeOf(server).kill();
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => code(store.put([record('b', 'STARTED')]))));
      for (const outcome of outcomes) expect(['RB_UNAVAILABLE', 'RB_OUTCOME_UNKNOWN']).toContain(outcome);
      expect(await code(store.get(['a1']))).toBe('RB_UNAVAILABLE');
      await nodeOf(server).restart();
      await eventually(async () => expect(await store.put([record('c')])).toEqual([{ applied: true }]));
      expect(await store.get(['a0', 'c'])).toMatchObject([{ taskId: 'a0' }, { taskId: 'c' }]);
      await store.close();
      await database.reconnect();
    });

    it('says that nothing was changed where the server is read only, and goes on when it no longer is', async () => {
      await using database = await databaseAt(server.url);
      await using user = await userOf(database);
      const store = mysqlStore({ url: user.url });
      await store.put([record('a')]);
      const variable = service === 'mysql' ? 'super_read_only' : 'read_only';
      await database.admin.query(`SET GLOBAL ${variable} = ON`);
      await expect(store.put([record('b')])).rejects.toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
      await expect(store.put([record('b'), record('c')])).rejects.toMatchObject({ code: 'RB_UNAVAILABLE' });
      expect(await store.get(['a', 'b'])).toMatchObject([{ taskId: 'a' }, undefined]);
      await database.admin.query('SET GLOBAL read_only = OFF');
      expect(await store.put([record('b')])).toEqual([{ applied: true }]);
      await store.close();
    });

    it('stores where the server prepares no more statements', async () => {
      await using database = await databaseAt(server.url);
      await database.admin.query('SET GLOBAL max_prepared_stmt_count = 0');
      const store = mysqlStore({ url: database.url });
      expect(await store.put([record('a')])).toEqual([{ applied: true }]);
      expect(await store.put([record('a')])).toEqual([{ applied: false, state: 'SUCCESS' }]);
      await database.admin.query('SET GLOBAL max_prepared_stmt_count = DEFAULT');
      await store.close();
    });

    it('says that too many connections are open, and waits its turn for the next attempt', async () => {
      await using database = await databaseAt(server.url);
      await using user = await userOf(database);
      const pool = mysql.createPool({ uri: user.url, connectionLimit: 40 });
      const held: mysql.PoolConnection[] = [];
      const refused = await (async () => {
        for (;;) held.push(await pool.getConnection());
      })().catch((error: unknown) => error);
      expect(refused).toMatchObject({ errno: expect.toSatisfy((errno) => [1040, 1203].includes(errno)) });
      const store = mysqlStore({ url: user.url });
      await expect(store.get(['a'])).rejects.toMatchObject({
        code: 'RB_UNAVAILABLE',
        message: expect.stringContaining('too many connections'),
      });
      for (const connection of held) connection.release();
      await pool.end();
      await eventually(async () => expect(await store.get(['a'])).toEqual([undefined]));
      await store.close();
    });
  });
}

const nodeOf = (server: Server) => {
  const [node] = server.nodes ?? [];
  if (node === undefined) throw new Error('the server is not ours');
  return node;
};

/** Who may do in this database what they like, and nothing else: root may write where others may not. */
async function userOf({ url, admin }: Awaited<ReturnType<typeof databaseAt>>) {
  const user = `'ordinary'@'%'`;
  await admin.query(`CREATE USER ${user} IDENTIFIED BY 'ordinary'`);
  await admin.query(`GRANT ALL ON ${new URL(url).pathname.slice(1)}.* TO ${user}`);
  return {
    url: url.replace(/\/\/.*@/, '//ordinary:ordinary@'),
    async [Symbol.asyncDispose]() {
      await admin.query(`DROP USER ${user}`);
    },
  };
}
