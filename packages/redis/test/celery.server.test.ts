import {
  DateTime,
  Decimal,
  PlainDate,
  PlainTime,
  RemoteError,
  ResultNode,
  type TaskMeta,
  type TaskRecord,
  Uuid,
} from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import type { Oracle } from '@rb/interop/oracle';
import { toTagged } from '@rb/interop/tags';
import { sharedServer } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { CELERY_VERSIONS, type CeleryVersion } from '@rb/vectors';
import { describe, expect } from 'vitest';
import { listener, recordOf, storeAt } from './stores.js';

const server = await sharedServer('redis');

/** Celery 5.2 knows no prefix: ids of one's own keep its tests apart. */
const unique = namespace();
const id = (name: string): string => `${unique}-${name}`;

const VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  integers: [0, -1, 255, 65_536, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 2n ** 70n, -(2n ** 70n)],
  floats: [1.5, -0.1, 1e300],
  text: ['', 'Grüße ✓ 😀', 'a\0b', 'x'.repeat(70_000)],
  nested: { a: { b: [1, { c: null }] }, d: true },
};
/** JSON of kombu 5.3 and later has types for these. */
const TYPED: Readonly<Record<string, unknown>> = {
  bytes: new Uint8Array([0, 255, 254]),
  datetime: DateTime.fromIso('2024-02-29T12:34:56.789012+05:30'),
  others: [
    new PlainDate('2024-02-29'),
    new PlainTime('12:34:56'),
    new Decimal('9.99'),
    new Uuid('12345678-1234-4678-9234-567812345678'),
  ],
};
const valuesOf = (version: CeleryVersion): Readonly<Record<string, unknown>> =>
  version === '5.2.6' ? VALUES : { ...VALUES, ...TYPED };

const EXTENDED: TaskMeta = {
  name: 'proj.add',
  args: [1, 'zwö'],
  kwargs: { x: null },
  worker: 'w@host',
  retries: 2,
  queue: 'celery',
};

for (const version of CELERY_VERSIONS) {
  const celery = await celeryTest(version);
  const test = celery.extend<{ url: string }>({
    url: async ({ skip }, use) => use('missing' in server ? skip(server.missing) : server.url),
  });
  const configure = async (oracle: Oracle, url: string, conf: object = {}): Promise<string> => {
    const app = id(version);
    await oracle.call('configure', {
      app,
      backend: url,
      conf: { result_extended: true, result_expires: 600, ...conf },
    });
    return app;
  };
  const own = (name: string): string => id(`${version}-${name}`);

  describe(`Celery ${version}`, { timeout: 30_000 }, () => {
    test('reads every value, state and field that Node stored', async ({ oracle, url }) => {
      const app = await configure(oracle, url);
      const doneAt = Date.UTC(2026, 10, 22, 17, 3, 59) + 460.545;
      const error = new RemoteError('ValueError', 'builtins', ['böom', 1]);
      const records: readonly TaskRecord[] = [
        ...Object.entries(valuesOf(version)).map(([name, result]) => recordOf({ taskId: own(`to-${name}`), result })),
        recordOf({
          taskId: own('full'),
          doneAt,
          meta: { ...EXTENDED, groupId: 'g', children: [new ResultNode('c')], stamp: ['s'] },
        }),
        recordOf({ taskId: own('FAILURE'), state: 'FAILURE', result: error, doneAt, traceback: 'Traceback …\n' }),
        recordOf({ taskId: own('RETRY'), state: 'RETRY', result: error, doneAt: null, traceback: 'text' }),
        recordOf({ taskId: own('PROGRESS'), state: 'PROGRESS', result: { current: 3 }, doneAt: null }),
      ];
      const expiresAt = Date.now() + 600_000;
      await storeAt({ url }).put(records.map((record) => ({ ...record, expiresAt })));
      for (const { taskId, state, result, traceback } of records) {
        const meta = await oracle.call('get_task_meta', { app, task_id: taskId });
        expect(meta).toMatchObject({ status: state, traceback, task_id: taskId });
        if (result instanceof RemoteError)
          expect(meta.result.$exception).toMatchObject({ type: 'ValueError', args: ['böom', 1] });
        else expect([taskId, meta.result]).toEqual([taskId, toTagged(result)]);
      }
      const full = await oracle.call('get_task_meta', { app, task_id: own('full') });
      expect(full).toMatchObject({ ...EXTENDED, worker: 'w@host', children: [[['c', null], null]] });
    });

    test('stores what Node reads equal, with its deadline', async ({ oracle, url }) => {
      const app = await configure(oracle, url);
      const request = {
        task: 'proj.add',
        args: [1, 'zwö'],
        kwargs: { x: null },
        hostname: 'w@host',
        retries: 2,
        delivery_info: { routing_key: 'celery' },
      };
      const values = Object.entries(valuesOf(version));
      for (const [name, value] of values) {
        await oracle.call('mark_as_done', { app, task_id: own(`from-${name}`), result: toTagged(value), request });
      }
      const exc = { $exception: { type: 'KeyError', module: 'builtins', args: ['k'] } };
      await oracle.call('mark_as_failure', { app, task_id: own('failed'), exc, traceback: 'Traceback …\n' });
      const store = storeAt({ url });
      for (const [name, value] of values) {
        const [record] = (await store.get([own(`from-${name}`)])) as [TaskRecord];
        expect([name, toTagged(record.result)]).toEqual([name, toTagged(value)]);
        expect(record.meta).toMatchObject(EXTENDED);
        expect(Math.abs((record.expiresAt ?? 0) - Date.now() - 600_000)).toBeLessThan(20_000);
      }
      expect(await store.get([own('failed')])).toMatchObject([
        { state: 'FAILURE', result: new RemoteError('KeyError', 'builtins', ['k']), traceback: 'Traceback …\n' },
      ]);
    });

    test('is woken by a result that Node stores', async ({ oracle, url }) => {
      const app = await configure(oracle, url);
      const taskId = own('awaited-by-python');
      const waiting = oracle.post('get', { app, task_id: taskId, timeout: 20, background: true });
      await waiting.event('subscribed');
      await storeAt({ url }).put([
        recordOf({ taskId, state: 'STARTED', doneAt: null }),
        recordOf({ taskId, result: [1, 2] }),
      ]);
      expect(await waiting.done).toEqual([1, 2]);
    });

    test('wakes Node by a result that it stores', async ({ oracle, url }) => {
      const app = await configure(oracle, url);
      const taskId = own('awaited-by-node');
      const heard = listener();
      await storeAt({ url }).notify?.subscribe(heard).add([taskId]);
      await oracle.call('mark_as_started', { app, task_id: taskId });
      await oracle.call('mark_as_done', { app, task_id: taskId, result: 1 });
      await expect.poll(() => heard.told).toEqual([`${taskId} STARTED`, `${taskId} SUCCESS`]);
    });

    test('finds a SUCCESS of Node final, as Node finds one of Celery', async ({ oracle, url }) => {
      const app = await configure(oracle, url);
      const store = storeAt({ url });
      await oracle.call('mark_as_done', { app, task_id: own('final'), result: 1 });
      expect(await store.put([recordOf({ taskId: own('final'), state: 'FAILURE', result: null })])).toEqual([
        { applied: false, state: 'SUCCESS' },
      ]);
    });

    test('restores a group that Node saved, joins it, and saves one that Node loads', async ({ oracle, url }) => {
      const app = await configure(oracle, url);
      const store = storeAt({ url });
      const members = [own('m1'), own('m2')].map((each) => new ResultNode(each));
      await store.groups?.save({ groupId: own('g'), members, parent: null, expiresAt: Date.now() + 600_000 });
      await store.put(members.map((member, i) => recordOf({ taskId: member.id, result: i + 1 })));
      expect(await oracle.call('group_get', { app, group_id: own('g') })).toEqual([1, 2]);
      const tuple = new ResultNode(own('h'), null, members).toTuple();
      await oracle.call('save_group', { app, tuple });
      expect(await store.groups?.load(own('h'))).toMatchObject({ groupId: own('h'), members, parent: null });
    });

    test('counts chord parts that Node reported, and runs the body with their values in order', async ({
      oracle,
      url,
    }) => {
      const app = await configure(oracle, url);
      const store = storeAt({ url });
      const ids = ['p0', 'p1', 'p2'].map(own);
      const groupId = own('chord');
      await store.groups?.save({
        groupId,
        members: ids.map((each) => new ResultNode(each)),
        parent: null,
        expiresAt: Date.now() + 600_000,
      });
      const part = (at: number): TaskRecord => recordOf({ taskId: ids[at] as string, result: at * 10 });
      await store.put(ids.map((_, at) => part(at)));
      expect(await store.groups?.report(groupId, part(1))).toEqual({ reported: 1, last: false });
      await oracle.call('chord_part', { app, group_id: groupId, task_id: ids[0], index: 0, result: 0, chord_size: 3 });
      expect(await oracle.call('chord_calls', { app })).toEqual([]);
      expect(await store.groups?.report(groupId, part(1))).toEqual({ reported: 2, last: false });
      await oracle.call('chord_part', { app, group_id: groupId, task_id: ids[2], index: 2, result: 20, chord_size: 3 });
      expect(await oracle.call('chord_calls', { app })).toMatchObject([{ args: [[0, 10, 20]] }]);
    });
  });
}
