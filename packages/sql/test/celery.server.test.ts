import {
  DateTime,
  Decimal,
  PlainDate,
  PlainTime,
  PythonSet,
  RemoteError,
  ResultNode,
  type TaskMeta,
  type TaskRecord,
  Tuple,
  Uuid,
} from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import type { Oracle } from '@rb/interop/oracle';
import { fromTagged, toTagged } from '@rb/interop/tags';
import { CELERY_VERSIONS, type CeleryVersion, sqliteDdl } from '@rb/vectors';
import { describe, expect } from 'vitest';
import { storeFromUrl } from '../src/sqlite/index.js';
import { eventually, openRaw, openStore, present, record, temporaryFile } from './support.js';

/** An app on a database of its own, reading name, args ... too. */
async function configure(oracle: Oracle, conf: object = {}): Promise<{ app: string; filename: string }> {
  const filename = temporaryFile();
  const app = filename;
  await oracle.call('configure', {
    app,
    backend: `db+sqlite:///${filename}`,
    conf: { result_extended: true, ...conf },
  });
  return { app, filename };
}

/** Celery 5.2 makes its tables in the first database of a process only; later versions do in each. */
function createForCelery(version: CeleryVersion, filename: string): void {
  if (version !== '5.2.6') return;
  const raw = openRaw(filename);
  for (const sql of sqliteDdl(version)) raw.exec(sql);
}

const VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  integers: [0, -1, 255, 65_536, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 2n ** 70n, -(2n ** 70n)],
  floats: [1.5, -0.1, 1e300],
  text: ['', 'Grüße ✓ 😀', 'a\0b', 'x'.repeat(70_000)],
  nested: { a: { b: [1, { c: null }] }, d: true },
  bytes: new Uint8Array([0, 255, 254]),
  datetime: DateTime.fromIso('2024-02-29T12:34:56.789012+05:30'),
  others: [
    new PlainDate('2024-02-29'),
    new PlainTime('12:34:56'),
    new Decimal('9.99'),
    new Uuid('12345678-1234-4678-9234-567812345678'),
  ],
  tuple: new Tuple([1, new Tuple([])]),
  set: new PythonSet([3]),
};

const EXTENDED: TaskMeta = {
  name: 'proj.add',
  args: [1, 'zwö'],
  kwargs: { x: null },
  worker: 'w@host',
  retries: 2,
  queue: 'celery',
};

for (const version of CELERY_VERSIONS) {
  const it = await celeryTest(version);

  describe(`Celery ${version}`, { timeout: 30_000 }, () => {
    it('reads every value that Node stored', async ({ oracle }) => {
      const { app, filename } = await configure(oracle);
      const ids = Object.keys(VALUES);
      await openStore({ filename }).put(ids.map((id) => record(id, 'SUCCESS', { result: VALUES[id] })));
      for (const id of ids) {
        const meta = await oracle.call('get_task_meta', { app, task_id: id });
        expect([id, meta.status, meta.result]).toEqual([id, 'SUCCESS', toTagged(VALUES[id])]);
      }
    });

    it('reads every state, the traceback, the date and the extended fields that Node stored', async ({ oracle }) => {
      const { app, filename } = await configure(oracle);
      const doneAt = Date.UTC(2026, 10, 22, 17, 3, 59) + 460.545;
      const error = new RemoteError('ValueError', 'builtins', ['böom', 1]);
      const stored: readonly TaskRecord[] = [
        record('SUCCESS', 'SUCCESS', {
          result: 1,
          doneAt,
          meta: { ...EXTENDED, groupId: 'g', children: [], stamp: 's' },
          expiresAt: 2 ** 42,
        }),
        record('FAILURE', 'FAILURE', { result: error, doneAt, traceback: 'Traceback …\n', meta: EXTENDED }),
        record('RETRY', 'RETRY', { result: error, traceback: 'text', meta: EXTENDED }),
        record('REVOKED', 'REVOKED', {
          result: new RemoteError('TaskRevokedError', 'celery.exceptions', ['revoked']),
          doneAt,
          meta: EXTENDED,
        }),
        record('STARTED', 'STARTED', { result: { pid: 1, hostname: 'h' }, meta: EXTENDED }),
        record('PROGRESS', 'PROGRESS', { result: { current: 3 }, meta: EXTENDED }),
      ];
      await openStore({ filename }).put(stored);
      for (const { taskId, state, traceback, result } of stored) {
        const meta = await oracle.call('get_task_meta', { app, task_id: taskId });
        const { name, args, kwargs, worker, retries, queue } = meta;
        expect(meta).toMatchObject({ task_id: taskId, status: state, traceback });
        expect({ name, args, kwargs, worker, retries, queue }).toEqual(EXTENDED);
        const ready = ['SUCCESS', 'FAILURE', 'REVOKED'].includes(state);
        expect(meta.date_done).toEqual(ready ? { $datetime: '2026-11-22T17:03:59.460545' } : null);
        if (result instanceof RemoteError) {
          const { $exception: read } = meta.result;
          expect(read).toMatchObject({ type: result.type, module: result.module, args: result.args });
        } else expect(meta.result).toEqual(toTagged(result));
      }
    });

    it('stores what Node reads equal: values, exceptions, extended fields', async ({ oracle }) => {
      const { app, filename } = await configure(oracle);
      createForCelery(version, filename);
      const request = {
        task: 'proj.add',
        args: [1, 'zwö'],
        kwargs: { x: null },
        hostname: 'w@host',
        retries: 2,
        delivery_info: { routing_key: 'celery' },
      };
      const before = Date.now();
      for (const [id, value] of Object.entries(VALUES)) {
        await oracle.call('mark_as_done', { app, task_id: id, result: toTagged(value), request });
      }
      await oracle.call('mark_as_failure', {
        app,
        task_id: 'failed',
        exc: { $exception: { type: 'KeyError', module: 'builtins', args: ['k'] } },
        traceback: 'Traceback …\n',
      });
      await oracle.call('store_result', { app, task_id: 'custom', result: { n: 1 }, state: 'PROGRESS' });
      const store = storeFromUrl(`db+sqlite:///${filename}`);
      const ids = Object.keys(VALUES);
      for (const outcome of await store.get(ids)) {
        const { taskId, state, result, meta, doneAt, traceback } = outcome as TaskRecord;
        expect({ taskId, state, traceback, meta }).toEqual({
          taskId,
          state: 'SUCCESS',
          traceback: null,
          meta: EXTENDED,
        });
        // Through the tags, which tell what equality here does not: an offset, microseconds.
        expect([taskId, toTagged(result)]).toEqual([taskId, toTagged(VALUES[taskId])]);
        expect(doneAt).toBeGreaterThanOrEqual(before);
        expect(doneAt).toBeLessThanOrEqual(Date.now());
      }
      expect(await store.get(['failed', 'custom'])).toMatchObject([
        {
          state: 'FAILURE',
          result: new RemoteError('KeyError', 'builtins', ['k']),
          traceback: 'Traceback …\n',
          meta: {},
        },
        { state: 'PROGRESS', result: { n: 1 }, doneAt: null },
      ]);
      await store.close();
    });

    it('means the same file by the same URL', async ({ oracle }) => {
      const url = `db+sqlite:///${temporaryFile('a%20b.db')}`;
      const store = storeFromUrl(url);
      await store.put([record('a', 'SUCCESS', { result: 1 })]);
      await oracle.call('configure', { app: url, backend: url });
      expect(await oracle.call('get_task_meta', { app: url, task_id: 'a' })).toMatchObject({
        status: 'SUCCESS',
        result: 1,
      });
      await store.close();
    });

    it('goes on writing to tables that Node has added to, and takes nothing of our record with it', async ({
      oracle,
    }) => {
      const { app, filename } = await configure(oracle);
      const store = openStore({ filename });
      const ours = { expiresAt: 1, meta: { ...EXTENDED, groupId: 'g', children: [new ResultNode('c')], stamp: 's' } };
      await store.put([record('a', 'FAILURE', ours), record('b', 'STARTED', ours), record('c', 'PROGRESS', ours)]);
      expect(await store.get(['a', 'b', 'c'])).toEqual([undefined, undefined, undefined]);
      await oracle.call('mark_as_started', { app, task_id: 'a' });
      await oracle.call('mark_as_done', { app, task_id: 'b', result: 2 });
      await oracle.call('store_result', { app, task_id: 'c', result: 3, state: 'PROGRESS' });
      const read = (await store.get(['a', 'b', 'c'])) as TaskRecord[];
      expect(read.map(({ state }) => state)).toEqual(['STARTED', 'SUCCESS', 'PROGRESS']);
      for (const { meta, expiresAt } of read) expect([expiresAt, meta]).toEqual([null, {}]);
      expect(await store.expiry?.sweep?.(10)).toBe(0);
    });

    it('starts on tables that Node made, and forgets and cleans up there', async ({ oracle }) => {
      const filename = temporaryFile();
      const store = openStore({ filename });
      await store.put([
        record('old', 'SUCCESS', { doneAt: 0 }),
        record('forgotten'),
        record('kept', 'SUCCESS', { doneAt: Date.now() }),
      ]);
      await oracle.call('configure', { app: filename, backend: `db+sqlite:///${filename}` });
      await oracle.call('forget', { app: filename, task_id: 'forgotten' });
      await oracle.call('cleanup', { app: filename });
      await oracle.call('store_result', { app: filename, task_id: 'new', result: 1, state: 'SUCCESS' });
      expect((await store.get(['old', 'forgotten', 'kept', 'new'])).map((outcome) => outcome?.taskId)).toEqual([
        undefined,
        undefined,
        'kept',
        'new',
      ]);
    });

    it('tells a watcher in Node of what it stored', async ({ oracle }) => {
      const { app, filename } = await configure(oracle);
      const states: string[] = [];
      const notify = present(openStore({ filename, pollMs: 2 }).notify);
      await notify
        .subscribe({ record: (outcome) => states.push((outcome as TaskRecord).state), gap: () => undefined })
        .add(['a']);
      await oracle.call('mark_as_started', { app, task_id: 'a' });
      await eventually(() => expect(states).toEqual(['STARTED']));
      await oracle.call('mark_as_done', { app, task_id: 'a', result: 1 });
      await eventually(() => expect(states).toEqual(['STARTED', 'SUCCESS']));
    });

    it('restores a group that Node saved, and joins it', async ({ oracle }) => {
      const { app, filename } = await configure(oracle);
      const store = openStore({ filename });
      const nested = new ResultNode('nested', null, [new ResultNode('b')]);
      const members = [new ResultNode('a'), nested];
      const parent = new ResultNode('before');
      await present(store.groups).save({ groupId: 'g', members, parent, expiresAt: 2 ** 42 });
      await present(store.groups).save({
        groupId: 'flat',
        members: [new ResultNode('a'), new ResultNode('b')],
        parent: null,
        expiresAt: null,
      });
      await store.put([record('a', 'SUCCESS', { result: 1 }), record('b', 'SUCCESS', { result: 2 })]);
      const restored = await oracle.call('restore_group', { app, group_id: 'g' });
      expect(restored).toEqual({
        type: 'GroupResult',
        value: { $result: new ResultNode('g', parent, members).toTuple() },
      });
      expect(await oracle.call('group_get', { app, group_id: 'flat' })).toEqual([1, 2]);
      await oracle.call('delete_group', { app, group_id: 'g' });
      expect(await store.groups?.load('g')).toBeUndefined();
      expect(openRaw(filename).prepare('SELECT count(*) FROM rb_celery_tasksetmeta_members').pluck().get()).toBe(2);
    });

    it('saves a group that Node loads and counts', async ({ oracle }) => {
      const { app, filename } = await configure(oracle);
      createForCelery(version, filename);
      const tuple = [
        ['g', null],
        [
          [['a', [['p', null], null]], null],
          [['nested', null], [[['b', null], null]]],
        ],
      ];
      await oracle.call('save_group', { app, tuple });
      const groups = present(openStore({ filename }).groups);
      const { members } = ResultNode.fromTuple(tuple);
      expect(await groups.load('g')).toEqual({ groupId: 'g', members, parent: null, expiresAt: null });
      expect(await groups.report('g', record('a'))).toEqual({ reported: 1, last: false });
      expect(await groups.report('g', record('nested'))).toEqual({ reported: 2, last: true });
    });

    it('reads args and kwargs as pickles where that is its serializer', async ({ oracle }) => {
      const { app, filename } = await configure(oracle, {
        result_serializer: 'pickle',
        accept_content: ['pickle', 'json'],
      });
      const { pickle } = await import('@rb/serializers/pickle');
      const args = new Tuple([1, new Tuple([2])]);
      await openStore({ filename, serializer: pickle }).put([
        record('a', 'FAILURE', { result: new RemoteError('KeyError', 'builtins', ['k']), meta: { ...EXTENDED, args } }),
      ]);
      const meta = await oracle.call('get_task_meta', { app, task_id: 'a' });
      expect(fromTagged(meta.args)).toEqual(args);
      expect(meta.result.$exception).toMatchObject({ type: 'KeyError', module: 'builtins', args: ['k'] });
    });
  });
}
