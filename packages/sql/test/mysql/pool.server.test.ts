import { serverTest } from '@rb/servers/fixture';
import mysql from 'mysql2/promise';
import { expect } from 'vitest';
import { type MysqlStoreOptions, mysqlStore } from '../../src/mysql/index.js';
import { code, eventually, record } from '../support.js';
import { databaseAt } from './database.js';

for (const service of ['mysql', 'mariadb', 'mariadb-old'] as const) {
  const it = await serverTest(service);

  it(`${service}: sets up its sessions, whatever the server's defaults`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const pool = mysql.createPool({ uri: database.url, connectionLimit: 1 });
    await pool.query("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+05:00', autocommit = 0");
    const store = mysqlStore({ pool, statementTimeoutMs: 7_000, queryTimeoutMs: 8_000 });
    await store.put([record("a'\\", 'STARTED', { result: "\\'" })]);
    expect(await store.get(["a'\\"])).toMatchObject([{ result: "\\'" }]);
    const [rows] = await pool.query(
      `SHOW VARIABLES WHERE variable_name IN ('transaction_isolation', 'tx_isolation', 'sql_mode', 'time_zone', 'autocommit',
        'character_set_client', 'innodb_lock_wait_timeout', 'max_execution_time', 'max_statement_time')`,
    );
    const settings = new Map(
      (rows as { Variable_name: string; Value: string }[]).map((row) => [row.Variable_name, row.Value]),
    );
    const isolation = settings.get('transaction_isolation') ?? settings.get('tx_isolation');
    expect(isolation).toBe('READ-COMMITTED');
    expect(Number(settings.get('max_execution_time') ?? 1_000 * Number(settings.get('max_statement_time')))).toBe(
      7_000,
    );
    expect(Object.fromEntries(settings)).toMatchObject({
      sql_mode: 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
      time_zone: '+00:00',
      autocommit: 'ON',
      character_set_client: 'utf8mb4',
      innodb_lock_wait_timeout: '4',
    });
    await store.close();
    await pool.end();
  });

  it(`${service}: is right with a pool of any settings, and leaves it open`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const settings: mysql.PoolOptions[] = [
      { rowsAsArray: true, namedPlaceholders: true, timezone: '+05:00' },
      { dateStrings: false, supportBigNumbers: true, bigNumberStrings: true, typeCast: () => 'x' },
      { resetOnRelease: true, connectionLimit: 1, flags: ['-FOUND_ROWS'] },
    ];
    for (const [index, options] of settings.entries()) {
      const pool = mysql.createPool({ uri: database.url, ...options });
      const store = mysqlStore({ pool });
      const written = record(`a${index}`, 'SUCCESS', {
        result: { text: 'Grüße ? :a ✓ 😀\0', big: 2n ** 70n },
        doneAt: Date.UTC(2026, 10, 22, 17, 3, 59) + 123.456,
        meta: { name: '?', args: [1], note: ':b' },
        expiresAt: Date.now() + 60_000,
      });
      expect(await store.put([written, record(`b${index}`)])).toEqual([{ applied: true }, { applied: true }]);
      expect(await store.put([record(`c${index}`)])).toEqual([{ applied: true }]);
      expect(await store.put([record(`c${index}`), record(`d${index}`)])).toMatchObject([
        { applied: false },
        { applied: true },
      ]);
      expect(await store.get([`a${index}`])).toEqual([written]);
      expect(await store.delete([`a${index}`, `b${index}`, 'nobody'])).toBe(2);
      expect((await store.stats?.read())?.total).toBe(2 * (index + 1));
      await store.close();
      expect((await pool.query({ sql: 'SELECT 1', rowsAsArray: false }))[0]).toHaveLength(1);
      await pool.end();
    }
  });

  it(`${service}: opens more connections than it keeps where all are busy, and closes what rests`, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    await using blocked = await blockedStore(database, { poolSize: 1, maxOverflow: 2, idleTimeoutMs: 500 });
    const reads = Array.from({ length: 6 }, () => blocked.store.get(['a']));
    await eventually(async () => expect(await database.others()).toHaveLength(3));
    await blocked.unblock();
    await Promise.all(reads);
    await eventually(async () => expect((await database.others()).length).toBeLessThan(2));
    await eventually(async () => expect(await database.others()).toEqual([]));
  });

  it(`${service}: closes a connection of the age that was set`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url, poolSize: 1, maxLifetimeMs: 0.001 });
    for (let i = 0; i < 3; i++) {
      await store.put([record('a', 'STARTED')]);
      await eventually(async () => expect(await database.others()).toEqual([]));
    }
    await store.close();
  });

  it(`${service}: waits for a free connection no longer than was said`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    await using blocked = await blockedStore(database, { poolSize: 1, acquireTimeoutMs: 1_000 });
    const first = blocked.store.get(['a']);
    await eventually(async () => expect(await database.others()).toHaveLength(1));
    await expect(blocked.store.get(['a'])).rejects.toMatchObject({
      code: 'RB_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('no connection was free in time'),
    });
    await blocked.unblock();
    expect(await first).toEqual([undefined]);
  });

  it(`${service}: sends nothing of a call that was aborted while it waited for a connection`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    await using blocked = await blockedStore(database, { poolSize: 1 });
    const first = blocked.store.get(['a']);
    const leaving = new AbortController();
    const second = blocked.store.put([record('a')], { signal: leaving.signal });
    const third = blocked.store.get(['a']);
    leaving.abort();
    expect(await code(second)).toBe('RB_ABORTED');
    await blocked.unblock();
    expect(await Promise.all([first, third])).toEqual([[undefined], [undefined]]);
  });

  it(`${service}: a statement ends with the time that it was given`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    await using blocked = await blockedStore(database, { statementTimeoutMs: 200 });
    expect(await code(blocked.store.get(['a']))).toBe('RB_UNAVAILABLE');
    await blocked.unblock();
    expect(await blocked.store.get(['a'])).toEqual([undefined]);
  });

  it(`${service}: a connection whose answer does not come is given up`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    await using blocked = await blockedStore(database, { queryTimeoutMs: 1_000 });
    expect(await code(blocked.store.get(['a']))).toBe('RB_UNAVAILABLE');
    expect(await code(blocked.store.put([record('a')]))).toBe('RB_OUTCOME_UNKNOWN');
    await blocked.unblock();
    expect(await blocked.store.put([record('b')])).toEqual([{ applied: true }]);
  });
}

/** A store whose statements wait, as another session has locked its table. */
async function blockedStore(database: Awaited<ReturnType<typeof databaseAt>>, options: MysqlStoreOptions) {
  const first = mysqlStore({ url: database.url });
  await first.get([]);
  await first.close();
  await eventually(async () => expect(await database.others()).toEqual([]));
  const store = mysqlStore({ url: database.url, createTables: false, ...options });
  await store.get([]);
  await database.admin.query('LOCK TABLES celery_taskmeta WRITE');
  const unblock = async (): Promise<void> => void (await database.admin.query('UNLOCK TABLES'));
  return {
    store,
    unblock,
    async [Symbol.asyncDispose]() {
      await unblock();
      await store.close();
    },
  };
}
