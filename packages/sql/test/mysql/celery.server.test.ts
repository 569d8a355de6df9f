import { RemoteError, type TaskRecord } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import { sharedServer } from '@rb/servers/fixture';
import { CELERY_VERSIONS } from '@rb/vectors';
import { expect } from 'vitest';
import { storeFromUrl } from '../../src/mysql/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

const EXTENDED = {
  name: 'proj.add',
  args: [1, 'zwö'],
  kwargs: { x: null },
  worker: 'w@host',
  retries: 2,
  queue: 'celery',
};

for (const service of ['mysql', 'mariadb'] as const) {
  const server = await sharedServer(service);
  for (const version of CELERY_VERSIONS) {
    const it = await celeryTest(version);

    // Celery 5.2 makes its tables in the first database of a process only: so one database, and who makes the tables differs.
    for (const first of version === '5.2.6' ? (['Node'] as const) : (['Node', 'Celery'] as const)) {
      it(`${service}: Celery ${version} and Node read each other in tables made by ${first}`, async ({
        oracle,
        skip,
      }) => {
        if ('missing' in server) return skip(server.missing);
        await using database = await databaseAt(server.url);
        const app = database.url;
        const backend = `db+${database.url.replace('mysql:', 'mysql+pymysql:')}`;
        await oracle.call('configure', { app, backend, conf: { result_extended: true } });
        const store = storeFromUrl(backend);
        const value = { text: 'Grüße ✓ 😀', list: [1, -(2 ** 31), 2n ** 70n, 1.5, null] };
        const python = { text: 'Grüße ✓ 😀', list: [1, -1, 1.5, null] };
        const fromNode = async (): Promise<void> => {
          const doneAt = Date.UTC(2026, 10, 22, 17, 3, 59) + 960;
          await store.put([
            record('n1', 'SUCCESS', { result: value, doneAt, meta: { ...EXTENDED, groupId: 'g' } }),
            record('n2', 'FAILURE', { result: new RemoteError('ValueError', 'builtins', ['x']), traceback: 'tb' }),
            record('n3', 'STARTED', { expiresAt: 1, meta: { stamp: 's' } }),
          ]);
          expect(await oracle.call('get_task_meta', { app, task_id: 'n1' })).toMatchObject({
            status: 'SUCCESS',
            result: { text: value.text },
            date_done: { $datetime: '2026-11-22T17:03:59' },
            ...EXTENDED,
          });
          expect(await oracle.call('get_task_meta', { app, task_id: 'n2' })).toMatchObject({
            status: 'FAILURE',
            traceback: 'tb',
            result: { $exception: { type: 'ValueError', args: ['x'] } },
          });
          // Exactly, with the fraction that Celery's column lacks.
          expect(await store.get(['n1', 'n3'])).toMatchObject([{ doneAt, result: value }, undefined]);
        };
        const fromCelery = async (): Promise<void> => {
          await oracle.call('mark_as_done', { app, task_id: 'c1', result: python });
          expect(await store.get(['c1'])).toMatchObject([{ state: 'SUCCESS', result: python, expiresAt: null }]);
          const [outcome] = await store.put([record('c1', 'FAILURE')]);
          expect(outcome).toEqual({ applied: false, state: 'SUCCESS' });
        };
        if (first === 'Node') await fromNode();
        await fromCelery();
        await fromNode();
        // Celery rewrites our row: nothing of what we had added to it is left, its deadline above all.
        await oracle.call('mark_as_done', { app, task_id: 'n3', result: 3 });
        const [rewritten] = (await store.get(['n3'])) as TaskRecord[];
        expect(rewritten).toMatchObject({ state: 'SUCCESS', result: 3, expiresAt: null });
        expect(rewritten?.meta).not.toHaveProperty('stamp');
        expect(await store.expiry?.sweep?.(10)).toBe(0);
        await store.close();
      }, 60_000);
    }
  }
}
