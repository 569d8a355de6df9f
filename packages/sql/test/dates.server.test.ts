import type { ResultStore, TaskRecord } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import { sharedServer } from '@rb/servers/fixture';
import { describe, expect } from 'vitest';
import { mysqlStore } from '../src/mysql/index.js';
import { postgresStore } from '../src/postgres/index.js';
import { sqliteStore } from '../src/sqlite/index.js';
import { databaseAt as mysqlDatabase } from './mysql/database.js';
import { databaseAt as postgresDatabase } from './postgres/database.js';
import { present, record, temporaryFile } from './support.js';

interface Place extends AsyncDisposable {
  readonly store: ResultStore;
  /** For Celery. */
  readonly backend: string;
}

const postgres = await sharedServer('postgres');
const mariadb = await sharedServer('mariadb');
const it = await celeryTest('5.6.3');

/** A database of the test's own, or why there is none. */
const PLACES: Readonly<Record<string, (timeZone: string) => Promise<Place | { readonly missing: string }>>> = {
  async SQLite(timeZone) {
    const filename = temporaryFile();
    const store = sqliteStore({ filename, timeZone });
    return { store, backend: `db+sqlite:///${filename}`, [Symbol.asyncDispose]: () => store.close() };
  },
  async PostgreSQL(timeZone) {
    if ('missing' in postgres) return postgres;
    const database = await postgresDatabase(postgres.url);
    // There the zone of Celery's session decides.
    const backend = `db+${database.url.replace('postgresql:', 'postgresql+psycopg2:')}?options=-ctimezone%3D${timeZone}`;
    return opened(database, postgresStore({ url: database.url, timeZone, poolSize: 2 }), backend);
  },
  async MariaDB(timeZone) {
    if ('missing' in mariadb) return mariadb;
    const database = await mysqlDatabase(mariadb.url);
    const backend = `db+${database.url.replace('mysql:', 'mysql+pymysql:')}`;
    return opened(database, mysqlStore({ url: database.url, timeZone, poolSize: 2 }), backend);
  },
};

const opened = (database: AsyncDisposable, store: ResultStore, backend: string): Place => ({
  store,
  backend,
  async [Symbol.asyncDispose]() {
    await store.close();
    await database[Symbol.asyncDispose]();
  },
});

/** 17:03:59 in UTC as Celery reads it from the row. */
const WALLS = { 'Asia/Tokyo': '2024-11-23T02:03:59', 'America/New_York': '2024-11-22T12:03:59' } as const;

describe.for(Object.keys(PLACES))('Celery 5.6 on %s', { timeout: 120_000 }, (name) => {
  for (const timeZone of ['Asia/Tokyo', 'America/New_York'] as const) {
    it(`and Node mean the same instant with the time zone ${timeZone}`, async ({ oracle, skip }) => {
      const found = await present(PLACES[name])(timeZone);
      if ('missing' in found) return skip(found.missing);
      await using place = found;
      const { store, backend } = place;
      const app = backend;
      await oracle.call('configure', { app, backend, conf: { timezone: timeZone } });

      const doneAt = Date.UTC(2024, 10, 22, 17, 3, 59) + 460.545;
      await store.put([record('node', 'SUCCESS', { doneAt })]);
      const { date_done: read } = await oracle.call('get_task_meta', { app, task_id: 'node' });
      expect(read.$datetime.slice(0, 19)).toBe(WALLS[timeZone]);
      expect(await store.get(['node'])).toMatchObject([{ doneAt }]);
      expect(await present(store.stats).read()).toMatchObject({ oldestDoneAt: doneAt });

      // MariaDB's column has whole seconds.
      const before = Math.floor(Date.now() / 1_000) * 1_000;
      await oracle.call('mark_as_done', { app, task_id: 'celery', result: 1 });
      const [celery] = (await store.get(['celery'])) as TaskRecord[];
      expect(celery?.doneAt).toBeGreaterThanOrEqual(before);
      expect(celery?.doneAt).toBeLessThanOrEqual(Date.now());

      const pages: string[][] = [];
      for (const filter of [{ since: before }, { until: before }, { since: doneAt, until: doneAt + 1 }]) {
        const ids: string[] = [];
        for await (const { records } of present(store.scan).pages({ filter }))
          ids.push(...records.map((r) => r.taskId));
        pages.push(ids);
      }
      expect(pages).toEqual([['celery'], ['node'], ['node']]);

      // Celery's clean-up goes by the same column, for groups too: a day old is what it keeps for so long.
      await store.put([record('old', 'SUCCESS', { doneAt: Date.now() - 86_400_000 - 3_600_000 })]);
      await store.put([record('kept', 'SUCCESS', { doneAt: Date.now() - 86_400_000 + 3_600_000 })]);
      await oracle.call('configure', { app, backend, conf: { timezone: timeZone, result_expires: 86_400 } });
      await oracle.call('cleanup', { app });
      expect((await store.get(['old', 'kept'])).map((outcome) => outcome?.taskId)).toEqual([undefined, 'kept']);
    });
  }
});
