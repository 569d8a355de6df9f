import type { ResultStore, ScanFilter, TaskRecord } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import { describe, expect } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { code, openRaw, present, record, temporaryFile } from '../support.js';
import { djangoTables } from './conformance/tables.js';
import { PLACES, type Place } from './places.js';

const it = await celeryTest('5.6.3-django');

const LAYOUTS = ['django', 'django-extended'] as const;
const DONE = Date.UTC(2024, 10, 22, 17, 3, 59) + 460.545;

async function placeOf(name: string, skip: (note: string) => never): Promise<Place> {
  const place = await present(PLACES[name])();
  return 'missing' in place ? skip(place.missing) : place;
}

async function idsOf(store: ResultStore, filter: ScanFilter): Promise<string[]> {
  const ids: string[] = [];
  for await (const { records } of present(store.scan).pages({ filter, pageSize: 2 }))
    ids.push(...records.map(({ taskId }) => taskId));
  return ids;
}

describe.for(Object.keys(PLACES))('tables of django-celery-results on %s', { timeout: 120_000 }, (name) => {
  it('are never made by Node, which says how Django makes them', async ({ skip }) => {
    await using place = await placeOf(name, skip);
    for (const layout of LAYOUTS) {
      const schema = place.schema({ layout });
      expect(await schema.status()).toMatchObject({ current: 0, pending: [] });
      expect(await schema.deploy()).toEqual([]);
      const failed = place.open({ layout }).put([record('a')]);
      await expect(failed).rejects.toMatchObject({
        ...{ code: 'RB_SCHEMA', message: expect.stringContaining('manage.py migrate django_celery_results') },
      });
    }
  });

  it('get two columns and one table from Node, and only where it is told to', async ({ oracle, skip }) => {
    await using place = await placeOf(name, skip);
    await oracle.call('django_database', { database: place.database });
    await place.open({ layout: 'django' }).put([record('a')]);
    expect(await place.schema({ layout: 'django' }).status()).toEqual({ current: 1, latest: 1, pending: [] });
    const schema = place.schema({ layout: 'django-extended' });
    const { current, latest, pending } = await schema.status();
    expect([current, latest]).toEqual([1, 2]);
    // Django's own columns, indexes and names are all there.
    expect(pending.join('\n')).not.toMatch(/rb_(group_id|parent_id|children|meta)|date_done\)$/m);
    const readOnly = place.open({ layout: 'django-extended', createTables: false });
    expect(await readOnly.get(['a'])).toMatchObject([{ state: 'SUCCESS', expiresAt: null }]);
    expect(await code(readOnly.put([record('b')]))).toBe('RB_SCHEMA');
    expect(await schema.deploy()).toEqual(pending);
    expect(await schema.status()).toEqual({ current: 2, latest: 2, pending: [] });
    expect(await schema.diff()).toEqual([]);
    const store = place.open({ layout: 'django-extended', now: () => 1_000 });
    await store.put([
      record('expiring', 'SUCCESS', { expiresAt: 1_001 }),
      record('gone', 'FAILURE', { expiresAt: 1_000 }),
    ]);
    expect(await store.get(['expiring', 'gone'])).toMatchObject([{ expiresAt: 1_001 }, undefined]);
    expect(await store.expiry?.sweep?.(10)).toBe(1);
    // Nothing of this is in the way of Django.
    await oracle.call('configure', { backend: 'django-db' });
    await oracle.call('mark_as_done', { task_id: 'c', result: 1 });
    expect(await store.get(['c'])).toMatchObject([{ result: 1 }]);
  });

  it.for(['0010', '0011'])(
    'of an older version serve too: migrated to %s, and from there to the latest',
    async (migration, { oracle, skip }) => {
      await using place = await placeOf(name, skip);
      await oracle.call('django_database', { database: place.database, migration });
      const meta = { name: 'proj.add', startedAt: DONE, createdAt: DONE };
      for (const layout of LAYOUTS) {
        const store = place.open({ layout });
        const stored = [record(`${layout}-a`, 'STARTED'), record(`${layout}-b`, 'SUCCESS', { meta })];
        await store.put(stored);
        expect(await store.get(stored.map(({ taskId }) => taskId))).toEqual(stored);
      }
      await oracle.call('django_database', { database: place.database });
      // What Node added is still there.
      const extended = { layout: 'django-extended' } as const;
      expect(await place.schema(extended).status()).toMatchObject({ current: 2, pending: [] });
      const store = place.open(extended);
      const withName = record('c', 'STARTED', {
        expiresAt: 2 ** 42,
        meta: { ...meta, periodicTaskName: 'every minute' },
      });
      await store.put([withName]);
      expect(await store.get(['c', 'django-b'])).toMatchObject([withName, { meta }]);
      expect(await oracle.call('django_row', { task_id: 'c' })).toMatchObject({ periodic_task_name: 'every minute' });
    },
  );

  it('are scanned by name, worker, queue, state and time, and counted', async ({ oracle, skip }) => {
    await using place = await placeOf(name, skip);
    await oracle.call('django_database', { database: place.database });
    const store = place.open({ layout: 'django' });
    await store.put([
      record('a', 'SUCCESS', { doneAt: DONE, meta: { name: 'x', worker: 'w1', queue: 'q1' } }),
      record('b', 'FAILURE', { doneAt: DONE + 1, meta: { name: 'x', worker: 'w2', queue: 'q2' } }),
      record('c', 'STARTED', { meta: { name: 'y', worker: 'w1', queue: 'q2' } }),
      record('d', 'SUCCESS', { doneAt: DONE + 2, meta: { queue: 'q2' } }),
    ]);
    expect(await idsOf(store, {})).toEqual(['a', 'b', 'c', 'd']);
    expect(await idsOf(store, { name: 'x' })).toEqual(['a', 'b']);
    expect(await idsOf(store, { worker: 'w1' })).toEqual(['a', 'c']);
    expect(await idsOf(store, { queue: 'q2' })).toEqual(['b', 'c', 'd']);
    expect(await idsOf(store, { queue: 'q2', states: ['SUCCESS'] })).toEqual(['d']);
    // A date of an unfinished task is none.
    expect(await idsOf(store, { since: DONE + 1 })).toEqual(['b', 'd']);
    expect(await idsOf(store, { until: DONE + 1 })).toEqual(['a']);
    expect(await present(store.stats).read()).toMatchObject({
      ...{ byState: { SUCCESS: 2, FAILURE: 1, STARTED: 1 }, total: 4, oldestDoneAt: DONE },
    });
  });

  it('take ids of 255 characters, and whatever of meta fits no column', async ({ oracle, skip }) => {
    await using place = await placeOf(name, skip);
    await oracle.call('django_database', { database: place.database });
    const store = place.open({ layout: 'django' });
    const meta = {
      ...{ name: 'n'.repeat(256), worker: 'w'.repeat(101), periodicTaskName: 1, queue: null, retries: null },
      ...{ task_name: 'not the name', worker_name: 'w', rb_meta: 1, createdAt: 'yesterday', group_id: 'not the group' },
    };
    const long = record('i'.repeat(255), 'SUCCESS', { doneAt: null, meta: meta as never });
    const outcomes = await store.put([long, record('i'.repeat(256))]);
    expect(outcomes).toMatchObject([{ applied: true }, { refused: { code: 'RB_TOO_LARGE' } }]);
    expect(await store.get([long.taskId])).toEqual([long]);
    await oracle.call('configure', { backend: 'django-db' });
    expect(await oracle.call('get_task_meta', { task_id: long.taskId })).toMatchObject({
      task_name: null,
      worker: null,
    });
  });

  it('hold the clock of a project without USE_TZ, but in PostgreSQL, which holds instants', async ({
    oracle,
    skip,
  }) => {
    await using place = await placeOf(name, skip);
    const database = { database: place.database, use_tz: false, time_zone: 'Asia/Tokyo' };
    await oracle.call('django_database', database);
    await oracle.call('configure', { backend: 'django-db', conf: { timezone: 'Asia/Tokyo' } });
    const store = place.open({ layout: 'django', timeZone: name === 'PostgreSQL' ? undefined : 'Asia/Tokyo' });
    await store.put([record('node', 'SUCCESS', { doneAt: DONE })]);
    const row = await oracle.call('django_row', { task_id: 'node' });
    expect(row.date_done).toEqual({ $datetime: '2024-11-23T02:03:59.460545' });
    const before = Date.now();
    await oracle.call('mark_as_done', { task_id: 'django', result: 1 });
    const [read] = (await store.get(['django'])) as TaskRecord[];
    expect(read?.doneAt).toBeGreaterThanOrEqual(before);
    expect(read?.doneAt).toBeLessThanOrEqual(Date.now());
  });
});

it('PostgreSQL’s instants take no zone', () => {
  const options = { url: 'postgresql://localhost/d', layout: 'django', timeZone: 'Asia/Tokyo' } as const;
  expect(() => postgresStore(options)).toThrow(TypeError);
});

it('the kit’s tables are those that Django’s migrations make', async ({ oracle, skip }) => {
  const columns =
    "SELECT m.name || '.' || c.name, c.type, c.\"notnull\", c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.name LIKE 'django_celery_results_%result' ORDER BY 1";
  await using place = await placeOf('SQLite', skip);
  await oracle.call('django_database', { database: place.database });
  const made = openRaw(String(place.database.NAME)).prepare(columns).raw().all();
  const ours = openRaw(temporaryFile());
  ours.exec(djangoTables('sqlite'));
  expect(ours.prepare(columns).raw().all()).toEqual(made);
});
