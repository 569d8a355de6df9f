import { RemoteError, ResultNode, type TaskRecord } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import { sharedServer } from '@rb/servers/fixture';
import { CELERY_VERSIONS } from '@rb/vectors';
import { expect } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { eventually, present, record } from '../support.js';
import { databaseAt } from './database.js';

const HOUR_MS = 3_600_000;
const VALUE = { text: 'Grüße ✓ 😀', list: [1, -(2 ** 31), 1.5, null] };

for (const service of ['postgres', 'postgres-old'] as const) {
  const server = await sharedServer(service);
  for (const version of CELERY_VERSIONS) {
    const it = await celeryTest(version);

    it(`Celery ${version} stores, reads, rewrites, forgets and cleans up in partitions of ${service}`, {
      timeout: 120_000,
    }, async ({ oracle, skip }) => {
      if ('missing' in server) return skip(server.missing);
      await using database = await databaseAt(server.url);
      const app = database.url;
      const store = postgresStore({ url: database.url, partitions: { intervalMs: HOUR_MS, celeryExpiresMs: HOUR_MS } });
      const partitionOf = async (taskId: string): Promise<unknown> =>
        (
          await database.admin.query(
            'SELECT count(*)::int AS n, min(tableoid::regclass::text) AS part FROM celery_taskmeta WHERE task_id = $1',
            [taskId],
          )
        ).rows[0];
      await store.put([
        record('n1', 'SUCCESS', { result: VALUE, meta: { name: 'proj.add' } }),
        record('n2', 'FAILURE', { result: new RemoteError('ValueError', 'builtins', ['x']), traceback: 'tb' }),
        record('n3', 'STARTED', { expiresAt: Date.now() + 5 * HOUR_MS, meta: { stamp: 's' } }),
      ]);
      const backend = `db+${database.url.replace('postgresql:', 'postgresql+psycopg2:')}`;
      await oracle.call('configure', { app, backend, conf: { result_extended: true } });
      expect(await oracle.call('get_task_meta', { app, task_id: 'n1' })).toMatchObject({
        status: 'SUCCESS',
        result: VALUE,
        name: 'proj.add',
      });
      expect(await oracle.call('get_task_meta', { app, task_id: 'n2' })).toMatchObject({
        result: { $exception: { type: 'ValueError', args: ['x'] } },
      });

      const before = Date.now();
      await oracle.call('mark_as_done', { app, task_id: 'c1', result: VALUE });
      const [read] = (await store.get(['c1'])) as TaskRecord[];
      expect(read).toMatchObject({ state: 'SUCCESS', result: VALUE });
      expect(read?.expiresAt).toBeGreaterThanOrEqual(before + HOUR_MS);
      expect(await partitionOf('c1')).toEqual({ n: 1, part: expect.stringMatching(/^rb_celery_taskmeta_\d{12}$/) });
      expect(await store.put([record('c1', 'FAILURE')])).toEqual([{ applied: false, state: 'SUCCESS' }]);

      // Celery rewrites a row of ours: it moves to where Celery's rows are. Who watches is told.
      const states: string[] = [];
      await present(store.notify)
        .subscribe({ record: (outcome) => states.push((outcome as TaskRecord).state), gap: () => undefined })
        .add(['n3']);
      await oracle.call('mark_as_done', { app, task_id: 'n3', result: 3 });
      await eventually(() => expect(states).toEqual(['SUCCESS']));
      const [rewritten] = (await store.get(['n3'])) as TaskRecord[];
      expect(rewritten).toMatchObject({ state: 'SUCCESS', result: 3 });
      expect(rewritten?.meta).not.toHaveProperty('stamp');
      expect(rewritten?.expiresAt).toBeLessThan(Date.now() + 2 * HOUR_MS);
      expect(await partitionOf('n3')).toMatchObject({ n: 1 });

      const members = [new ResultNode('n1'), new ResultNode('c1')];
      await oracle.call('save_group', { app, tuple: [['h', null], members.map((member) => member.toTuple())] });
      expect((await store.groups?.load('h'))?.members).toEqual(members);
      expect(await oracle.call('group_get', { app, group_id: 'h' })).toEqual([VALUE, VALUE]);

      await oracle.call('forget', { app, task_id: 'n1' });
      expect(await store.get(['n1'])).toEqual([undefined]);
      await database.admin.query("UPDATE celery_taskmeta SET date_done = '2020-01-01' WHERE task_id = 'c1'");
      await oracle.call('cleanup', { app });
      expect(await store.get(['c1'])).toEqual([undefined]);
      await store.close();
    });
  }
}
