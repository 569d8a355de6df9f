import { RemoteError, ResultNode, type TaskRecord } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import { sharedServer } from '@rb/servers/fixture';
import { CELERY_VERSIONS, postgresDdl } from '@rb/vectors';
import { expect } from 'vitest';
import { type PostgresStoreOptions, storeFromUrl } from '../../src/postgres/index.js';
import { eventually, present, record } from '../support.js';
import { databaseAt } from './database.js';

const server = await sharedServer('postgres');

const EXTENDED = {
  name: 'proj.add',
  args: [1, 'zwö'],
  kwargs: { x: null },
  worker: 'w@host',
  retries: 2,
  queue: 'celery',
};
const VALUE = { text: 'Grüße ✓ 😀', list: [1, -(2 ** 31), 1.5, null] };

for (const version of CELERY_VERSIONS) {
  const it = await celeryTest(version);

  for (const first of ['Node', 'Celery'] as const) {
    it(`Celery ${version} and Node read each other in tables made by ${first}`, { timeout: 120_000 }, async ({
      oracle,
      skip,
    }) => {
      if ('missing' in server) return skip(server.missing);
      await using database = await databaseAt(server.url);
      // Celery 5.2 makes tables in the first database of a process only, so its own statements are run.
      if (first === 'Celery') for (const sql of postgresDdl(version)) await database.admin.query(sql);
      const app = database.url;
      const backend = `db+${database.url.replace('postgresql:', 'postgresql+psycopg2:')}`;
      await oracle.call('configure', { app, backend, conf: { result_extended: true } });
      const options: PostgresStoreOptions = { poolSize: 2, pollMs: 5 };
      const store = storeFromUrl(backend, options);
      const groups = present(store.groups);
      const doneAt = Date.UTC(2026, 10, 22, 17, 3, 59) + 460.545;
      await store.put([
        record('n1', 'SUCCESS', { result: VALUE, doneAt, meta: { ...EXTENDED, groupId: 'g' } }),
        record('n2', 'FAILURE', { result: new RemoteError('ValueError', 'builtins', ['x']), traceback: 'tb' }),
        record('n3', 'STARTED', { expiresAt: 1, meta: { stamp: 's' } }),
      ]);
      expect(await oracle.call('get_task_meta', { app, task_id: 'n1' })).toMatchObject({
        status: 'SUCCESS',
        result: VALUE,
        date_done: { $datetime: '2026-11-22T17:03:59.460545' },
        ...EXTENDED,
      });
      expect(await oracle.call('get_task_meta', { app, task_id: 'n2' })).toMatchObject({
        status: 'FAILURE',
        traceback: 'tb',
        result: { $exception: { type: 'ValueError', args: ['x'] } },
      });
      // An expired record of ours: nobody has stored anything since, as far as we are concerned.
      expect(await store.get(['n3'])).toEqual([undefined]);

      const before = Date.now();
      await oracle.call('mark_as_done', { app, task_id: 'c1', result: VALUE });
      const [read] = (await store.get(['c1'])) as TaskRecord[];
      expect(read).toMatchObject({ state: 'SUCCESS', result: VALUE, expiresAt: null });
      expect(read?.doneAt).toBeGreaterThanOrEqual(before);
      expect(await store.put([record('c1', 'FAILURE')])).toEqual([{ applied: false, state: 'SUCCESS' }]);

      // Celery rewrites our row: nothing of what we had added to it is left, its deadline above all. Who watches is told.
      const states: string[] = [];
      await present(store.notify)
        .subscribe({ record: (outcome) => states.push((outcome as TaskRecord).state), gap: () => undefined })
        .add(['n3']);
      await oracle.call('mark_as_done', { app, task_id: 'n3', result: 3 });
      await eventually(() => expect(states).toEqual(['SUCCESS']));
      const [rewritten] = (await store.get(['n3'])) as TaskRecord[];
      expect(rewritten).toMatchObject({ state: 'SUCCESS', result: 3, expiresAt: null });
      expect(rewritten?.meta).not.toHaveProperty('stamp');
      expect(await store.expiry?.sweep?.(10)).toBe(0);

      const members = [new ResultNode('n1'), new ResultNode('c1')];
      await groups.save({ groupId: 'g', members, parent: null, expiresAt: null });
      expect(await oracle.call('group_get', { app, group_id: 'g' })).toEqual([VALUE, VALUE]);
      await oracle.call('delete_group', { app, group_id: 'g' });
      expect(await groups.load('g')).toBeUndefined();
      const tuple = [['h', null], members.map((member) => member.toTuple())];
      await oracle.call('save_group', { app, tuple });
      expect((await groups.load('h'))?.members).toEqual(members);
      expect(await groups.report('h', record('n1'))).toEqual({ reported: 1, last: false });
      expect(await groups.report('h', record('c1'))).toEqual({ reported: 2, last: true });

      await oracle.call('forget', { app, task_id: 'n1' });
      expect(await store.get(['n1'])).toEqual([undefined]);
      await store.close();
    });
  }
}
