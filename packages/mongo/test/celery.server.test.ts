import { createResultBackend, RemoteError, ResultNode, type TaskMeta, type TaskRecord } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import type { Oracle } from '@rb/interop/oracle';
import { toTagged } from '@rb/interop/tags';
import { msgpack } from '@rb/serializers/msgpack';
import { sharedServer } from '@rb/servers/fixture';
import { describe, expect } from 'vitest';
import { databaseAt, recordOf, storeAt } from './stores.js';

const server = await sharedServer('mongo');

const VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  integers: [0, -1, 2 ** 31, 2 ** 53 - 1, 2n ** 70n],
  floats: [1.5, -0.1, 1e300],
  text: ['', 'Grüße ✓ 😀', 'a\0b', 'x'.repeat(70_000)],
  nested: { a: { b: [1, { c: null }] }, d: true, 'a.$b': 1 },
};

const EXTENDED: TaskMeta = {
  name: 'proj.add',
  args: [1, 'zwö', 2 ** 40],
  kwargs: { x: null, y: { z: 1.5 } },
  worker: 'w@host',
  retries: 2,
  queue: 'celery',
};
const REQUEST = {
  task: 'proj.add',
  args: EXTENDED.args,
  kwargs: EXTENDED.kwargs,
  hostname: 'w@host',
  retries: 2,
  delivery_info: { routing_key: 'celery' },
};

// 5.2 writes dates as text; from 5.4 on readers with result_extended want all of its fields.
for (const version of ['5.2.6', '5.6.3', '5.7.0'] as const) {
  const test = (await celeryTest(version)).extend<{ url: string }>({
    url: async ({ skip }, use) => use('missing' in server ? skip(server.missing) : server.url),
  });
  const app = `mongo-${version}`;
  const configure = (oracle: Oracle, backend: string, conf: object = {}): Promise<unknown> =>
    oracle.call('configure', { app, backend, conf: { result_extended: true, ...conf } });

  describe(`Celery ${version}`, { timeout: 60_000 }, () => {
    test('reads every value, state and field that Node stored', async ({ oracle, url: at }) => {
      const { url } = databaseAt(at);
      await configure(oracle, url);
      const error = new RemoteError('ValueError', 'builtins', ['böom', 1]);
      const records: readonly TaskRecord[] = [
        ...Object.entries(VALUES).map(([taskId, result]) => recordOf({ taskId, result })),
        recordOf({
          taskId: 'full',
          meta: { ...EXTENDED, groupId: 'g', children: [new ResultNode('c')], stamp: ['s'] },
        }),
        recordOf({ taskId: 'FAILURE', state: 'FAILURE', result: error, traceback: 'Traceback …\n' }),
        recordOf({ taskId: 'RETRY', state: 'RETRY', result: error, doneAt: null, traceback: 'text' }),
        recordOf({ taskId: 'PROGRESS', state: 'PROGRESS', result: { current: 3 }, doneAt: null }),
      ];
      await storeAt({ url }).put(records.map((record) => ({ ...record, expiresAt: Date.now() + 600_000 })));
      for (const { taskId, state, result, traceback, doneAt } of records) {
        const meta = await oracle.call('get_task_meta', { app, task_id: taskId });
        expect(meta).toMatchObject({ status: state, traceback, task_id: taskId });
        if (result instanceof RemoteError)
          expect(meta.result.$exception).toMatchObject({ type: 'ValueError', args: ['böom', 1] });
        else expect([taskId, meta.result]).toEqual([taskId, toTagged(result)]);
        // Python's driver gives dates of UTC without a zone.
        if (doneAt !== null) expect(JSON.stringify(meta.date_done)).toContain('2023-11-14T22:13:20');
      }
      const full = await oracle.call('get_task_meta', { app, task_id: 'full' });
      expect(full).toMatchObject({ children: [[['c', null], null]] });
      // 5.2 does not hand them on.
      if (version !== '5.2.6') expect(full).toMatchObject(EXTENDED);
    });

    test('stores what Node reads equal', async ({ oracle, url: at }) => {
      const { url } = databaseAt(at);
      await configure(oracle, url);
      for (const [taskId, value] of Object.entries(VALUES))
        await oracle.call('mark_as_done', { app, task_id: taskId, result: toTagged(value), request: REQUEST });
      const exc = { $exception: { type: 'KeyError', module: 'builtins', args: ['k'] } };
      await oracle.call('mark_as_failure', { app, task_id: 'failed', exc, traceback: 'Traceback …\n' });
      const store = storeAt({ url });
      const before = Date.now() - 60_000;
      for (const [taskId, value] of Object.entries(VALUES)) {
        const [record] = (await store.get([taskId])) as [TaskRecord];
        expect([taskId, toTagged(record.result)]).toEqual([taskId, toTagged(value)]);
        expect(record).toMatchObject({ meta: EXTENDED, expiresAt: null });
        expect(record.doneAt).toBeGreaterThan(before);
        expect(record.doneAt).toBeLessThanOrEqual(Date.now());
      }
      expect(await store.get(['failed'])).toMatchObject([
        { state: 'FAILURE', result: new RemoteError('KeyError', 'builtins', ['k']), traceback: 'Traceback …\n' },
      ]);
      const seen: string[] = [];
      for await (const { records } of store.scan?.pages({ filter: { since: before, name: 'proj.add' } }) ?? [])
        seen.push(...records.map(({ taskId }) => taskId));
      expect(seen.toSorted()).toEqual(Object.keys(VALUES).toSorted());
    });

    test('and Node wait for what the other stores', async ({ oracle, url: at }) => {
      const { url } = databaseAt(at);
      await configure(oracle, url);
      await using results = createResultBackend(storeAt({ url }), { pollMs: 20 });
      const wait = results.result('by-celery', { timeoutMs: 20_000 });
      await oracle.call('mark_as_started', { app, task_id: 'by-celery' });
      await oracle.call('mark_as_done', { app, task_id: 'by-celery', result: 1 });
      expect(await wait).toBe(1);
      await results.succeed('by-node', [1, 2]);
      expect(await oracle.call('get', { app, task_id: 'by-node', timeout: 20 })).toEqual([1, 2]);
    });

    test('stores a SUCCESS that is final to Node', async ({ oracle, url: at }) => {
      const { url } = databaseAt(at);
      await configure(oracle, url);
      await oracle.call('mark_as_done', { app, task_id: 'final', result: 1 });
      expect(await storeAt({ url }).put([recordOf({ taskId: 'final', state: 'FAILURE', result: null })])).toEqual([
        { applied: false, state: 'SUCCESS' },
      ]);
    });

    test('restores a group that Node saved, joins it, and saves one that Node loads', async ({ oracle, url: at }) => {
      const { url } = databaseAt(at);
      await configure(oracle, url);
      const store = storeAt({ url });
      const members = ['m1', 'm2'].map((each) => new ResultNode(each));
      await store.groups?.save({ groupId: 'g', members, parent: null, expiresAt: Date.now() + 600_000 });
      await store.put(members.map((member, i) => recordOf({ taskId: member.id, result: i + 1 })));
      expect(await oracle.call('group_get', { app, group_id: 'g' })).toEqual([1, 2]);
      await oracle.call('save_group', { app, tuple: new ResultNode('h', null, members).toTuple() });
      expect(await store.groups?.load('h')).toEqual({ groupId: 'h', members, parent: null, expiresAt: null });
      const report = (taskId: string) => store.groups?.report('h', recordOf({ taskId }));
      expect(await report('m1')).toEqual({ reported: 1, last: false });
      expect(await report('m1')).toEqual({ reported: 1, last: false });
      expect(await report('m2')).toEqual({ reported: 2, last: true });
    });

    test('cleans up what it stored, and leaves what Node stored with a later date', async ({ oracle, url: at }) => {
      const { url, tasks } = databaseAt(at);
      await configure(oracle, url, { result_expires: 60 });
      const store = storeAt({ url });
      await store.put([recordOf({ taskId: 'old', doneAt: Date.now() - 3_600_000 }), recordOf({ doneAt: Date.now() })]);
      await oracle.call('cleanup', { app });
      expect(await tasks.distinct('_id')).toEqual(['a']);
    });

    test('writes and reads msgpack as Node does', async ({ oracle, url: at }) => {
      const { url } = databaseAt(at);
      await configure(oracle, url, { result_serializer: 'msgpack', accept_content: ['msgpack'] });
      const store = storeAt({ url, serializer: msgpack });
      const result = { n: [1, 2.5, 'ü'], b: new Uint8Array([0, 255]) };
      await store.put([recordOf({ taskId: 'ours', result })]);
      expect((await oracle.call('get_task_meta', { app, task_id: 'ours' })).result).toEqual(toTagged(result));
      await oracle.call('mark_as_done', { app, task_id: 'theirs', result: toTagged(result) });
      expect(await store.get(['theirs'])).toMatchObject([{ result }]);
    });
  });
}
