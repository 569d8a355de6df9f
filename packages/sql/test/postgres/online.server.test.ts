import { serverTest } from '@rb/servers/fixture';
import { postgresDdl } from '@rb/vectors';
import pg from 'pg';
import { describe, expect } from 'vitest';
import { postgresSchema, postgresStore } from '../../src/postgres/index.js';
import { startDeployer } from '../processes/index.js';
import { code, eventually, record } from '../support.js';
import { databaseAt, type TestDatabase } from './database.js';

const INVALID = `SELECT c.relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE NOT indisvalid`;

/** A table as Celery makes it, too large to be indexed in passing. */
async function celeryTable({ admin }: TestDatabase, rows = 20_000): Promise<void> {
  for (const sql of postgresDdl('5.2.6')) await admin.query(sql);
  await admin.query(
    `INSERT INTO celery_taskmeta (id, task_id, status, name, date_done, traceback)
    SELECT nextval('task_id_sequence'), gen_random_uuid()::text, CASE n % 10 WHEN 0 THEN 'FAILURE' ELSE 'SUCCESS' END,
      'task' || n % 100, now(), repeat('x', 10000000 / $1) FROM generate_series(1, $1::int) n`,
    [rows],
  );
}

/** Inserts, reads and updates as Celery does until told to stop. */
function celeryTraffic(url: string) {
  let stopped = false;
  const work = async (): Promise<number> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    let n = 0;
    for (; !stopped; n++) {
      await client.query(
        "INSERT INTO celery_taskmeta (id, task_id, status) VALUES (nextval('task_id_sequence'), $1, 'STARTED')",
        [`traffic-${n}`],
      );
      await client.query("UPDATE celery_taskmeta SET status = 'SUCCESS' WHERE task_id = $1", [`traffic-${n}`]);
    }
    await client.end();
    return n;
  };
  const working = work();
  return {
    /** Returns how many were written. */
    stop(): Promise<number> {
      stopped = true;
      return working;
    },
  };
}

for (const service of ['postgres', 'postgres-old'] as const) {
  const it = await serverTest(service);

  describe(service, () => {
    it('builds what a large table lacks while others write, once where twenty processes begin together', {
      timeout: 120_000,
    }, async ({ server }) => {
      await using database = await databaseAt(server.url);
      await celeryTable(database, 200_000);
      const traffic = celeryTraffic(database.url);
      const deployers = await Promise.all(Array.from({ length: 20 }, () => startDeployer(database.url)));
      const ran = await Promise.all(deployers.map((deploy) => deploy()));
      expect(await traffic.stop()).toBeGreaterThan(0);
      const statements = ran.flat();
      expect(statements.filter((sql) => sql.startsWith('RB_'))).toEqual([]);
      expect(statements.filter((sql) => sql.includes('CONCURRENTLY'))).toHaveLength(7);
      expect(new Set(statements).size).toBe(statements.length);
      expect((await database.admin.query(INVALID)).rows).toEqual([]);
      const schema = postgresSchema({ url: database.url });
      expect(await schema.status()).toEqual({ current: 2, latest: 2, pending: [] });
      expect(await schema.diff()).toEqual([]);
    });

    it('makes the tables once where twenty processes begin together in an empty database', {
      timeout: 60_000,
    }, async ({ server }) => {
      await using database = await databaseAt(server.url);
      const deployers = await Promise.all(Array.from({ length: 20 }, () => startDeployer(database.url)));
      const ran = await Promise.all(deployers.map((deploy) => deploy()));
      expect(ran.filter((statements) => typeof statements === 'string')).toEqual([]);
      expect(ran.filter((statements) => statements.length > 0)).toHaveLength(1);
    });

    it('leaves the database alone until another deployment is over: who waits in it keeps that one from its end', {
      timeout: 60_000,
    }, async ({ server }) => {
      await using database = await databaseAt(server.url);
      await celeryTable(database, 100);
      // The letters rb_sql, as a number.
      await database.admin.query('BEGIN; SELECT pg_advisory_xact_lock(125766833762668)');
      let tries = 0;
      const deploying = postgresSchema({ url: database.url }).deploy({ onProgress: () => (tries += 1) });
      await eventually(() => expect(tries).toBeGreaterThan(4));
      const waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'";
      expect((await database.admin.query(waiting)).rowCount).toBe(0);
      await database.admin.query('COMMIT');
      expect((await deploying).length).toBeGreaterThan(0);
    });

    it('replaces an index whose building was cut off', async ({ server }) => {
      await using database = await databaseAt(server.url);
      await celeryTable(database);
      const schema = postgresSchema({ url: database.url });
      await schema.deploy();
      await database.admin.query(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'rb_celery_taskmeta_name'::regclass",
      );
      expect(await schema.diff()).toEqual([
        'the index "rb_celery_taskmeta_name" is invalid: building it was cut off',
        'the index "rb_celery_taskmeta_name" is missing',
      ]);
      expect(await schema.deploy()).toEqual([
        'DROP INDEX CONCURRENTLY "rb_celery_taskmeta_name"',
        expect.stringMatching(/^CREATE INDEX CONCURRENTLY "rb_celery_taskmeta_name"/),
      ]);
      expect((await database.admin.query(INVALID)).rows).toEqual([]);
    });

    it('lets others pass while a long transaction keeps it from the table, and goes on after it', {
      timeout: 30_000,
    }, async ({ server }) => {
      await using database = await databaseAt(server.url);
      await celeryTable(database, 100);
      await database.admin.query('BEGIN; SELECT count(*) FROM celery_taskmeta');
      const deploying = postgresSchema({ url: database.url }).deploy();
      const traffic = celeryTraffic(database.url);
      const waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'";
      await eventually(async () => expect((await database.admin.query(waiting)).rowCount).toBe(1));
      // It has given up, and tries once more.
      await eventually(async () => expect((await database.admin.query(waiting)).rowCount).toBe(0));
      await eventually(async () => expect((await database.admin.query(waiting)).rowCount).toBe(1));
      expect(await traffic.stop()).toBeGreaterThan(0);
      await database.admin.query('COMMIT');
      expect((await deploying).length).toBeGreaterThan(0);
    });

    it('adds on first use what correctness needs, and leaves the indexes of a large table to deploy()', async ({
      server,
    }) => {
      await using database = await databaseAt(server.url);
      await celeryTable(database);
      const store = postgresStore({ url: database.url });
      expect(await store.put([record('a')])).toEqual([{ applied: true }]);
      const schema = postgresSchema({ url: database.url });
      const { current, pending } = await schema.status();
      expect(current).toBe(1);
      expect(pending).toHaveLength(7);
      for (const sql of pending) expect(sql).toMatch(/^CREATE INDEX CONCURRENTLY/);
      const told: number[] = [];
      expect(await schema.deploy({ onProgress: ({ done }) => told.push(done) })).toEqual(pending);
      expect(told).toEqual(expect.arrayContaining([0, 1, 2, 3, 4, 5, 6]));
      expect(await store.get(['a'])).toEqual([record('a')]);
      await store.close();
    });

    it('asks for two connections of a pool that it was given', async ({ server }) => {
      await using database = await databaseAt(server.url);
      await celeryTable(database);
      const pool = new pg.Pool({ connectionString: database.url, max: 1 });
      expect(await code(postgresSchema({ pool }).deploy())).toBe('RB_UNSUPPORTED');
      await pool.end();
    });

    it('ends at once when aborted, and goes on where it was the next time', async ({ server }) => {
      await using database = await databaseAt(server.url);
      await celeryTable(database);
      const stop = new AbortController();
      const schema = postgresSchema({ url: database.url });
      const onProgress = ({ done }: { readonly done: number }): void => {
        if (done === 2) stop.abort();
      };
      expect(await code(schema.deploy({ onProgress, signal: stop.signal }))).toBe('RB_ABORTED');
      await schema.deploy();
      expect((await database.admin.query(INVALID)).rows).toEqual([]);
      expect(await schema.status()).toMatchObject({ current: 2, pending: [] });
    });

    it('tells what differs, a type that it leaves as it is included', async ({ server }) => {
      await using database = await databaseAt(server.url);
      await celeryTable(database, 10);
      await database.admin.query('ALTER TABLE celery_taskmeta ALTER date_done TYPE timestamptz');
      const schema = postgresSchema({ url: database.url });
      const wrong =
        'the column "celery_taskmeta".date_done is timestamp with time zone and should be timestamp without time zone';
      expect(await schema.diff()).toEqual(
        expect.arrayContaining([
          'the column "celery_taskmeta".rb_expires_at is missing',
          'the table "rb_celery_tasksetmeta_members" is missing',
          'the index "rb_celery_taskmeta_failed" is missing',
          'the trigger "rb_celery_taskmeta_rewritten" is missing',
          wrong,
        ]),
      );
      await schema.deploy();
      expect(await schema.diff()).toEqual([wrong]);
      await database.admin.query('UPDATE rb_schema_version SET version = 9');
      expect(await schema.diff()).toEqual([expect.stringContaining('newer version'), wrong]);
    });
  });
}

describe('through PgBouncer in transaction mode', async () => {
  const it = await serverTest('pgbouncer');

  it('builds what a large table lacks, once where many begin together', { timeout: 60_000 }, async ({ server }) => {
    await using database = await databaseAt(server.url);
    await celeryTable(database);
    const ran = await Promise.all(Array.from({ length: 8 }, () => postgresSchema({ url: database.url }).deploy()));
    const statements = ran.flat();
    expect(statements.filter((sql) => sql.includes('CONCURRENTLY'))).toHaveLength(7);
    expect(new Set(statements).size).toBe(statements.length);
    expect((await database.admin.query(INVALID)).rows).toEqual([]);
  });
});
