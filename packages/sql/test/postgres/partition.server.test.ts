import type { ResultStore, TaskRecord } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import pg from 'pg';
import { describe, expect, onTestFinished } from 'vitest';
import { type PostgresStoreOptions, postgresSchema, postgresStore } from '../../src/postgres/index.js';
import { code, eventually, present, record } from '../support.js';
import { databaseAt, type TestDatabase } from './database.js';

const MINUTE_MS = 60_000;
const partitions = { intervalMs: MINUTE_MS, celeryExpiresMs: MINUTE_MS };

function open({ url }: TestDatabase, options: PostgresStoreOptions = {}): ResultStore {
  const store = postgresStore({ url, partitions, ...options });
  onTestFinished(() => store.close());
  return store;
}

const columnOf = async ({ admin }: TestDatabase, sql: string): Promise<unknown[]> =>
  (await admin.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.map(([value]) => value);

const PLACES = 'SELECT DISTINCT tableoid::regclass::text AS place FROM celery_taskmeta ORDER BY place';
const STRAYS = 'SELECT task_id FROM rb_celery_taskmeta_strays ORDER BY task_id';
const insert = (taskId: string): string =>
  `INSERT INTO celery_taskmeta (id, task_id, status) VALUES (nextval('task_id_sequence'), '${taskId}', 'STARTED')`;

for (const service of ['postgres', 'postgres-old'] as const) {
  const it = await serverTest(service);

  describe(`partitions of ${service}`, () => {
    it('keep a record by its deadline, and move it with the deadline', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const store = open(database);
      const soon = Date.now() + 2 * MINUTE_MS;
      await store.put([record('a', 'STARTED', { expiresAt: soon }), record('b', 'STARTED'), record('c')]);
      const before = await columnOf(database, 'SELECT id FROM celery_taskmeta ORDER BY id');
      const [dated, immortal] = await columnOf(database, PLACES);
      expect([dated, immortal]).toEqual([expect.stringMatching(/_\d{12}$/), 'rb_celery_taskmeta_immortal']);
      await store.put([record('a', 'RETRY'), record('b', 'RETRY', { expiresAt: soon + MINUTE_MS })]);
      expect(await store.get(['a', 'b'])).toMatchObject([
        { state: 'RETRY', expiresAt: null },
        { state: 'RETRY', expiresAt: soon + MINUTE_MS },
      ]);
      expect(await columnOf(database, 'SELECT id FROM celery_taskmeta ORDER BY id')).toEqual(before);
    });

    it('hold an id once, however many write it at once, Celery among them', { timeout: 60_000 }, async ({ server }) => {
      await using database = await databaseAt(server.url);
      const stores = [open(database), open(database), open(database)];
      await present(stores[0]).put([record('first')]);
      const ids = Array.from({ length: 100 }, (_, n) => `task-${n}`);
      const celery = async (): Promise<void> => {
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        for (const id of ids) {
          expect(['no error', '23505']).toContain(await code(client.query(insert(id))));
          const update = "UPDATE celery_taskmeta SET status = 'RETRY' WHERE task_id = $1 AND status <> 'SUCCESS'";
          // The row has just moved: Celery tries again, as after any error of the database.
          expect(['no error', '40001']).toContain(await code(client.query(update, [id])));
        }
        await client.end();
      };
      const puts = stores.flatMap((store, n) =>
        [1, 2, 3, 4].map((i) =>
          store.put(
            ids.map((id) => record(id, 'RETRY', { expiresAt: Date.now() + ((n + i) % 5) * MINUTE_MS + 1_000 })),
          ),
        ),
      );
      await Promise.all([...puts, celery(), celery()]);
      const outcomes = await Promise.all(stores.map((store) => store.put(ids.map((id) => record(id)))));
      for (const [i] of ids.entries())
        expect(
          outcomes.map((of) => of[i]).filter((outcome) => outcome && 'applied' in outcome && outcome.applied),
        ).toHaveLength(1);
      expect(
        await columnOf(database, 'SELECT count(*)::int - count(DISTINCT task_id)::int FROM celery_taskmeta'),
      ).toEqual([0]);
    });

    it('keep a record that a put found from being deleted before the put has ended, as a batch may hold its id again', async ({
      server,
    }) => {
      await using database = await databaseAt(server.url);
      await open(database).put([record('a')]);
      const { admin } = database;
      await admin.query('BEGIN');
      const nothing = Array.from({ length: 14 }, () => "'{}'").join(', ');
      const { rows } = await admin.query(
        `SELECT rb_celery_taskmeta_put(ARRAY['a'], ARRAY['SUCCESS'], ${nothing}, ${Date.now()}, false)`,
      );
      expect(rows).toEqual([]);
      const deleting = open(database).delete(['a']);
      const waiting = 'SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))';
      await eventually(async () => expect((await admin.query(waiting)).rowCount).toBe(1));
      await admin.query('COMMIT');
      expect(await deleting).toBe(1);
    });

    it('are dropped as a whole once their stretch is over, and counted', async ({ server }) => {
      await using database = await databaseAt(server.url);
      let now = Date.now();
      const store = open(database, { now: () => now });
      const expiresAt = now + 5 * MINUTE_MS;
      await store.put(Array.from({ length: 10 }, (_, n) => record(`a${n}`, 'SUCCESS', { expiresAt })));
      await store.put([record('later', 'SUCCESS', { expiresAt: expiresAt + 5 * MINUTE_MS }), record('immortal')]);
      const sweep = (limit: number) => present(store.expiry?.sweep)(limit);
      expect(await sweep(3)).toBe(0);
      now = expiresAt + MINUTE_MS;
      const before = (await columnOf(database, 'SELECT inhrelid FROM pg_inherits')).length;
      expect(await sweep(3)).toBe(10);
      expect((await columnOf(database, 'SELECT inhrelid FROM pg_inherits')).length).toBeLessThan(before);
      expect(await sweep(3)).toBe(0);
      expect(await columnOf(database, 'SELECT task_id FROM celery_taskmeta ORDER BY 1')).toEqual(['immortal', 'later']);
    });

    it('are left for the next time while somebody reads for long, and nobody waits for that', {
      timeout: 30_000,
    }, async ({ server }) => {
      await using database = await databaseAt(server.url);
      let now = Date.now();
      const store = open(database, { now: () => now });
      await store.put([record('a', 'SUCCESS', { expiresAt: now + MINUTE_MS })]);
      now += 5 * MINUTE_MS;
      await database.admin.query('BEGIN; SELECT count(*) FROM celery_taskmeta');
      expect(await present(store.expiry?.sweep)(10)).toBe(0);
      // The partition of this one cannot be attached now: it is a stray.
      await store.put([record('b', 'SUCCESS', { expiresAt: now + 20 * MINUTE_MS })]);
      await database.admin.query('COMMIT');
      expect(await columnOf(database, STRAYS)).toEqual(['b']);
      expect(await store.get(['a', 'b'])).toMatchObject([undefined, { taskId: 'b' }]);
      expect(await present(store.expiry?.sweep)(10)).toBe(1);
    });

    it('are not made for what is over, too far ahead, or has strays: those are swept row by row', async ({
      server,
    }) => {
      await using database = await databaseAt(server.url);
      let now = Date.now();
      const store = open(database, { now: () => now });
      await store.put([record('x')]);
      const expiresAt = now + 30 * MINUTE_MS;
      await database.admin.query(
        `INSERT INTO celery_taskmeta (id, task_id, status, rb_revision, rb_expires_at) VALUES (-1, 'stray', 'SUCCESS', 1, ${expiresAt})`,
      );
      const strays = ['over1', 'over2', 'over3'].map((id) =>
        record(id, 'SUCCESS', { expiresAt: now - 60 * MINUTE_MS }),
      );
      await store.put([
        ...strays,
        record('far', 'SUCCESS', { expiresAt: now + 1_000 * MINUTE_MS }),
        record('with', 'SUCCESS', { expiresAt }),
      ]);
      expect(await columnOf(database, STRAYS)).toEqual(['far', 'over1', 'over2', 'over3', 'stray', 'with']);
      const sweep = (limit: number) => present(store.expiry?.sweep)(limit);
      expect([await sweep(2), await sweep(2), await sweep(2)]).toEqual([2, 1, 0]);
      now = expiresAt;
      expect(await store.get(['with', 'far'])).toMatchObject([undefined, { taskId: 'far' }]);
      // Those of the stretches that are over since are gone too.
      expect([await sweep(5), await sweep(5)]).toEqual([2, 0]);
    });

    it('take what Celery inserts when no partition was made for it', async ({ server }) => {
      await using database = await databaseAt(server.url);
      await postgresSchema({ url: database.url, partitions }).deploy();
      for (const name of await columnOf(
        database,
        "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relname ~ '_\\d{12}$' AND relkind = 'r'",
      ))
        await database.admin.query(`DROP TABLE ${name}`);
      await database.admin.query(insert('a'));
      expect(await columnOf(database, STRAYS)).toEqual(['a']);
      expect(await code(database.admin.query(insert('a')))).toBe('23505');
      expect(await open(database).get(['a'])).toMatchObject([{ state: 'STARTED' }]);
    });

    it('tell who listens, of rows that move too', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const store = open(database, { listen: true, pollMs: 60_000 });
      const told: string[] = [];
      await present(store.notify)
        .subscribe({ record: (outcome) => told.push((outcome as TaskRecord).state), gap: () => undefined })
        .add(['a']);
      await open(database, { listen: true }).put([record('a', 'STARTED')]);
      await eventually(() => expect(told).toEqual(['STARTED']));
      await database.admin.query("UPDATE celery_taskmeta SET status = 'RETRY' WHERE task_id = 'a'");
      await eventually(() => expect(told).toEqual(['STARTED', 'RETRY']));
    });

    it('are asked for by every process, and never made of a table that is there', async ({ server }) => {
      await using database = await databaseAt(server.url);
      await postgresSchema({ url: database.url }).deploy();
      const refused = { code: 'RB_SCHEMA', message: expect.stringContaining('scan and put') };
      await expect(open(database).get(['a'])).rejects.toMatchObject(refused);
      await expect(postgresSchema({ url: database.url, partitions }).deploy()).rejects.toMatchObject(refused);
      const tables = { task: 'parts', group: 'part_groups' };
      await open(database, { tables }).put([record('a')]);
      await expect(open(database, { tables, partitions: undefined }).put([record('b')])).rejects.toMatchObject({
        code: 'RB_SCHEMA',
        message: expect.stringContaining('option partitions'),
      });
    });

    it('are not written to in a snapshot, which hides what others write meanwhile', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const store = open(database);
      await store.put([record('a')]);
      await database.admin.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      expect(await code(database.admin.query(insert('b')))).toBe('0A000');
      await database.admin.query('ROLLBACK');
    });
  });
}
