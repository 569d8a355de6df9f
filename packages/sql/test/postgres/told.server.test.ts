import { type ResultStore, type TaskRecord, Tuple } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import pg from 'pg';
import { describe, expect, onTestFinished } from 'vitest';
import { type PostgresStoreOptions, postgresSchema, postgresStore } from '../../src/postgres/index.js';
import { eventually, present, record } from '../support.js';
import { databaseAt, type TestDatabase } from './database.js';

/** So long that nothing is told by the poll within a test. */
const pollMs = 10 * 60_000;

function open({ url }: TestDatabase, options: PostgresStoreOptions = {}): ResultStore {
  const store = postgresStore({ listen: true, pollMs, ...options, ...(options.pool ? { listen: url } : { url }) });
  onTestFinished(() => store.close());
  return store;
}

/** A store whose questions are counted. */
function openCounted(database: TestDatabase, options: PostgresStoreOptions = {}) {
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  const asked: string[] = [];
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    Object.assign(client, {
      query(...given: unknown[]) {
        asked.push((given[0] as { readonly text?: string }).text ?? String(given[0]));
        return query(...given);
      },
    });
  });
  onTestFinished(() => pool.end());
  return { store: open(database, { ...options, pool: pool as never }), asked };
}

async function watching(store: ResultStore, ...taskIds: string[]): Promise<TaskRecord[]> {
  const told: TaskRecord[] = [];
  await present(store.notify)
    .subscribe({ record: (outcome) => told.push(outcome as TaskRecord), gap: () => undefined })
    .add(taskIds);
  return told;
}

const inserting = (id: string, columns: string, values: string): string =>
  `INSERT INTO celery_taskmeta (id, task_id, ${columns}) VALUES (nextval('task_id_sequence'), '${id}', ${values})`;

const RECORDS: readonly Partial<TaskRecord>[] = [
  {},
  {
    result: { bytes: new Uint8Array([0, 255, 92]), text: 'NUL \0, "quotes", \\ and ünïcödé 🙂', n: [1, 2 ** 60, 1.5] },
  },
  { result: null, traceback: 'line one\n\ttab "quoted" \\x41', expiresAt: Date.now() + 86_400_000.125 },
  {
    meta: {
      ...{ name: 'tasks."add"', args: [1], kwargs: { a: '\0' }, worker: 'w@h', retries: 3, queue: 'q', groupId: 'g' },
      ...{ parentId: 'p', unknown: { deep: [null] } },
    },
    result: new Tuple([1]),
    doneAt: 1_795_366_200_000.5,
  },
];

/** As Python writes, with settings of any kind. */
const BY_OTHERS: readonly string[] = [
  `status = 'SUCCESS', result = '\\x80054b012e', date_done = '2026-11-22 17:03:59.4'`,
  `status = 'RETRY', result = NULL, date_done = NULL`,
  `status = 'FAILURE', traceback = E'\\t\\\\', date_done = '2026-11-22 17:03:59'`,
  `status = 'FAILURE', date_done = 'infinity'`,
  `status = 'FAILURE', date_done = '0044-03-15 12:00:00 BC'`,
  `status = 'SUCCESS', result = '\\x00ff'`,
  'status = NULL',
  `rb_expires_at = 'Infinity', status = 'STARTED'`,
  `retries = 2147483647, status = 'STARTED'`,
  `rb_meta = '{}'`,
];
const SETTINGS = [
  'SET bytea_output = escape',
  'SET DateStyle = German',
  "SET TimeZone = 'Asia/Kathmandu'",
  'SET extra_float_digits = 0',
];

/** What its migrations leave, as far as it matters. */
const djangoTables = (recent: string): string => `CREATE TABLE django_celery_results_taskresult (
    id serial PRIMARY KEY, task_id varchar(255) NOT NULL UNIQUE, status varchar(50) NOT NULL, content_type varchar(128) NOT NULL,
    content_encoding varchar(64) NOT NULL, result text, date_done timestamptz NOT NULL, date_created timestamptz NOT NULL,
    traceback text, meta text, task_args text, task_kwargs text, task_name varchar(255), worker varchar(100)${recent});
  CREATE TABLE django_celery_results_groupresult (id serial PRIMARY KEY, group_id varchar(255) NOT NULL UNIQUE,
    date_created timestamptz NOT NULL, date_done timestamptz NOT NULL, content_type varchar(128) NOT NULL,
    content_encoding varchar(64) NOT NULL, result text)`;

for (const service of ['postgres', 'postgres-old'] as const) {
  const it = await serverTest(service);

  describe(`a notification of ${service}`, () => {
    it('carries the record as get returns it, so that nothing need be asked', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const { store, asked } = openCounted(database, { tables: { task: 'My results', group: 'g' } });
      const told = await watching(store, 'a"ü\\', 'b');
      const writer = open(database, { tables: { task: 'My results', group: 'g' } });
      await eventually(() => expect(asked).not.toEqual([]));
      const before = asked.length;
      for (const [i, fields] of RECORDS.entries()) {
        await writer.put([record('a"ü\\', i === 3 ? 'SUCCESS' : 'FAILURE', fields)]);
        await eventually(() => expect(told).toHaveLength(i + 1));
        expect(told[i]).toEqual((await writer.get(['a"ü\\']))[0]);
      }
      expect(asked.slice(before)).toEqual([]);
    });

    it('of what others write tells what get returns, whatever their settings', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const store = open(database);
      const told = await watching(store, 'a');
      await database.admin.query(inserting('a', 'status', "'STARTED'"));
      let n = 1;
      // What is heard in one turn is told once.
      await eventually(() => expect(told).toHaveLength(n));
      for (const settings of ['', ...SETTINGS])
        for (const set of BY_OTHERS) {
          await database.admin.query(`RESET ALL; ${settings}`);
          await database.admin.query(`UPDATE celery_taskmeta SET ${set} WHERE task_id = 'a'`);
          n += 1;
          await eventually(() => expect(told).toHaveLength(n));
          expect(told.at(-1), `${settings}: ${set}`).toEqual((await store.get(['a']))[0]);
        }
    });

    it('tells of tables of Django too, of older ones as well, whatever the zone of who writes', async ({ server }) => {
      for (const recent of ['', ', date_started timestamptz, periodic_task_name varchar(255)']) {
        await using database = await databaseAt(server.url);
        await database.admin.query(djangoTables(recent));
        const { store, asked } = openCounted(database, { layout: 'django-extended' });
        const writer = open(database, { layout: 'django-extended' });
        const told = await watching(store, 'a');
        const before = asked.length;
        const meta = { name: 'add', args: [1], worker: 'w', unknown: ['\0'] };
        await writer.put([record('a', 'FAILURE', { result: 'ü\0', meta, expiresAt: Date.now() + 86_400_000 })]);
        await eventually(() => expect(told).toHaveLength(1));
        expect(told[0]).toEqual((await writer.get(['a']))[0]);
        await database.admin.query("SET TimeZone = 'Asia/Kathmandu'");
        await database.admin.query(`UPDATE django_celery_results_taskresult SET status = 'SUCCESS', result = '7',
          date_done = '2026-11-22 17:03:59.4+00', content_type = 'application/json', meta = '{}' WHERE task_id = 'a'`);
        await eventually(() => expect(told).toHaveLength(2));
        expect(told[1]).toEqual((await writer.get(['a']))[0]);
        expect(told[1]).toMatchObject({ result: 7, doneAt: Date.UTC(2026, 10, 22, 17, 3, 59, 400) });
        expect(asked.slice(before)).toEqual([]);
      }
    });

    it('tells ids where the row is large, or one of several, and then the record is asked for', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const { store, asked } = openCounted(database);
      const writer = open(database);
      const told = await watching(store, 'a', 'b');
      for (const size of [1_000, 3_000, 5_000, 100_000]) {
        const before = asked.length;
        await writer.put([record('a', 'PROGRESS', { result: 'x'.repeat(size) })]);
        await eventually(() => expect(told.at(-1)?.result).toHaveLength(size));
        expect(asked.length - before).toBe(size < 4_000 ? 0 : 1);
      }
      await writer.put([record('a', 'SUCCESS'), record('b', 'RETRY')]);
      await eventually(() => expect(told.slice(4)).toMatchObject([{ state: 'SUCCESS' }, { state: 'RETRY' }]));
    });

    it('of Celery tells what its transaction leaves, and not that it began with PENDING', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const { store, asked } = openCounted(database);
      const told = await watching(store, 'a');
      const before = asked.length;
      await database.admin.query(`BEGIN; ${inserting('a', 'status', "'PENDING'")};
        UPDATE celery_taskmeta SET status = 'SUCCESS', result = '\\x80054b012e' WHERE task_id = 'a'; COMMIT`);
      await eventually(() => expect(told).toMatchObject([{ state: 'SUCCESS', result: 1 }]));
      expect(asked.slice(before)).toEqual([]);
    });

    it('of a row that has expired tells nothing, and under a savepoint tells it as well', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const store = open(database);
      const writer = open(database);
      const told = await watching(store, 'a', 'b');
      await writer.put([record('a', 'STARTED', { expiresAt: Date.now() - 1 })]);
      await database.admin.query(`BEGIN; SAVEPOINT s; ${inserting('b', 'status', "'STARTED'")}; RELEASE s; COMMIT`);
      // It was told by its id alone: who reads it too late finds what came after.
      await eventually(() => expect(told.map(({ state }) => state)).toEqual(['STARTED']));
      await database.admin.query(`BEGIN; ${inserting('c', 'status', "'STARTED'")}; SAVEPOINT s;
        UPDATE celery_taskmeta SET status = 'SUCCESS' WHERE task_id = 'b'; ROLLBACK TO s; COMMIT`);
      await writer.put([record('b')]);
      await eventually(() => expect(told.map(({ state }) => state)).toEqual(['STARTED', 'SUCCESS']));
    });

    it('never turns time back, for whoever watches tasks that are written and read all the time', async ({
      server,
    }) => {
      await using database = await databaseAt(server.url);
      const store = open(database, { pollMs: 5 });
      const ids = ['a', 'b', 'c'];
      await store.put(ids.map((id) => record(id, 'PROGRESS', { meta: { retries: 0 } })));
      const reached = new Map<string, number>();
      const backwards: string[] = [];
      let told = 0;
      const reach = ({ taskId, meta }: TaskRecord): void =>
        void reached.set(taskId, Math.max(reached.get(taskId) ?? 0, meta.retries as number));
      const subscription = present(store.notify).subscribe({
        record(outcome) {
          const { taskId, meta } = outcome as TaskRecord;
          told += 1;
          if ((meta.retries as number) < (reached.get(taskId) ?? 0)) backwards.push(`${taskId} ${meta.retries}`);
          reach(outcome as TaskRecord);
        },
        gap: () => undefined,
      });
      await subscription.add(ids);
      let writing = true;
      // Locked in one order, or two who write all of them run into a deadlock.
      const all = 'task_id = ANY(ARRAY(SELECT task_id FROM celery_taskmeta ORDER BY task_id FOR UPDATE))';
      const reading = Array.from({ length: 3 }, async () => {
        while (writing) for (const found of await store.get(ids)) reach(found as TaskRecord);
      });
      const written = Array.from({ length: 3 }, async (_, n) => {
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        for (let i = 0; i < 200; i++)
          await client.query(
            `UPDATE celery_taskmeta SET retries = retries + 1, status = 'PROGRESS' WHERE ${i % 10 === n ? all : `task_id = '${ids[(i + n) % 3]}'`}`,
          );
        await client.end();
      });
      await Promise.all(written);
      writing = false;
      await Promise.all(reading);
      const last = (await store.get(ids)) as TaskRecord[];
      await eventually(() =>
        expect(last.map(({ taskId }) => reached.get(taskId))).toEqual(last.map(({ meta }) => meta.retries)),
      );
      expect(backwards).toEqual([]);
      expect(told).toBeGreaterThan(100);
    });

    it('is heard and believed only where one may read the table', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const errors: unknown[] = [];
      const store = open(database, { onBackgroundError: (error) => errors.push(error) });
      const told = await watching(store, 'a');
      const { admin } = database;
      const role = `rb_${Math.random().toString(36).slice(2)}`;
      await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT INSERT, SELECT, UPDATE ON celery_taskmeta TO ${role};
        GRANT USAGE ON task_id_sequence TO ${role}`);
      const other = new pg.Client({ connectionString: database.url.replace(/\/\/.*@/, `//${role}:x@`) });
      await other.connect();
      const heard: (string | undefined)[] = [];
      other.on('notification', ({ payload }) => heard.push(payload));
      try {
        await other.query('LISTEN rb_celery_taskmeta');
        await expect(other.query('SELECT channel FROM rb_celery_taskmeta_channel')).rejects.toThrow(
          'permission denied',
        );
        const { rows } = await admin.query('SELECT row_to_json(t)::text AS row FROM celery_taskmeta t');
        expect(rows).toEqual([]);
        const forged = { task_id: 'a', status: 'SUCCESS', result: null };
        await other.query('SELECT pg_notify($1, $2)', ['rb_celery_taskmeta', JSON.stringify(['a', 2 ** 40, forged])]);
        await other.query(
          "NOTIFY rb_celery_taskmeta, 'no JSON'; NOTIFY rb_celery_taskmeta, '{}'; NOTIFY rb_celery_taskmeta, '1'",
        );
        await eventually(() => expect(errors).toHaveLength(3));
        await open(database).put([record('a', 'STARTED', { result: 'of no concern to others' })]);
        await eventually(() => expect(told).toMatchObject([{ state: 'STARTED' }]));
        expect(heard.join()).not.toContain('concern');
        // Its own writes it may tell, by their ids.
        await other.query("UPDATE celery_taskmeta SET status = 'RETRY' WHERE task_id = 'a'");
        await eventually(() => expect(told.slice(1)).toMatchObject([{ state: 'RETRY' }]));
        expect(heard.at(-1)).toBe('["a"]');
      } finally {
        await other.end();
        await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
    });

    it('of an older version has only ids, and its function is replaced, and nothing else', async ({ server }) => {
      await using database = await databaseAt(server.url);
      const schema = postgresSchema({ url: database.url, listen: true });
      await schema.deploy();
      await database.admin.query(`DROP TABLE rb_celery_taskmeta_channel;
        CREATE OR REPLACE FUNCTION rb_celery_taskmeta_notify() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
          PERFORM pg_notify('rb_celery_taskmeta', json_agg(task_id)::text) FROM written; RETURN NULL; END$$`);
      const told = await watching(open(database, { createTables: false }), 'a');
      const writer = open(database, { createTables: false });
      await writer.put([record('a', 'STARTED')]);
      await eventually(() => expect(told).toMatchObject([{ state: 'STARTED' }]));
      expect(await schema.diff()).toEqual([
        'the table "rb_celery_taskmeta_channel" is missing',
        'the function "rb_celery_taskmeta_notify" is missing or of another version',
      ]);
      // Online: not even for a moment does it need the table.
      await database.admin.query('BEGIN; LOCK TABLE celery_taskmeta IN ROW EXCLUSIVE MODE');
      expect(await schema.deploy()).toHaveLength(2);
      await database.admin.query('COMMIT');
      expect(await schema.diff()).toEqual([]);
      const anew = await watching(open(database), 'a');
      await writer.put([record('a')]);
      await eventually(() => expect(anew).toMatchObject([{ state: 'SUCCESS' }]));
    });
  });
}
