import { RemoteError, ResultNode, type TaskMeta, type TaskRecord, Tuple } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import type { Oracle } from '@rb/interop/oracle';
import { toTagged } from '@rb/interop/tags';
import { msgpack } from '@rb/serializers/msgpack';
import { pickle } from '@rb/serializers/pickle';
import { yaml } from '@rb/serializers/yaml';
import { describe, expect } from 'vitest';
import { eventually, present, record } from '../support.js';
import { PLACES, type Place } from './places.js';

const it = await celeryTest('5.6.3-django');

type Django = Oracle<'5.6.3-django'>;

/** The project's database, migrated, with its backend; skips where there is no such server. */
async function project(name: string, oracle: Django, skip: (note: string) => never, conf: object = {}): Promise<Place> {
  const place = await present(PLACES[name])();
  if ('missing' in place) return skip(place.missing);
  await oracle.call('django_database', { database: place.database });
  await backend(oracle, conf);
  return place;
}

const backend = (oracle: Django, conf: object = {}): Promise<unknown> =>
  oracle.call('configure', { backend: 'django-db', conf: { result_extended: true, ...conf } });

const DONE = Date.UTC(2024, 10, 22, 17, 3, 59) + 460.545;
const DONE_TEXT = '2024-11-22T17:03:59.460545+00:00';

const REQUEST = {
  task: 'proj.add',
  argsrepr: "(1, 'zwö')",
  kwargsrepr: "{'x': None}",
  periodic_task_name: 'every minute',
  hostname: 'w@host',
  children: [[['c', null], null]],
};

/** What of the request Django's backend keeps. */
const KEPT: TaskMeta = {
  name: 'proj.add',
  args: "(1, 'zwö')",
  kwargs: "{'x': None}",
  periodicTaskName: 'every minute',
  worker: 'w@host',
  children: [new ResultNode('c')],
};

const RELATED: TaskMeta = {
  groupId: 'g',
  parentId: 'p',
  retries: 2,
  queue: 'celery',
  children: [new ResultNode('c')],
  stampedHeaders: ['stamp'],
  stamp: 's',
};

describe.for(Object.keys(PLACES))('django-celery-results on %s', { timeout: 120_000 }, (name) => {
  it('reads what Node stored in every state, by its models, its backend and its admin', async ({ oracle, skip }) => {
    await using place = await project(name, oracle, skip);
    const store = place.open({ layout: 'django' });
    const error = new RemoteError('ValueError', 'builtins', ['böom', 1]);
    const meta = { ...RELATED, name: 'proj.add', args: [1, 'zwö'], kwargs: { x: null }, worker: 'w@host' };
    const stored = [
      record('SUCCESS', 'SUCCESS', { result: { list: [1, 1.5, null, '✓'], at: new Date(DONE) }, doneAt: DONE, meta }),
      record('FAILURE', 'FAILURE', { result: error, traceback: 'Traceback …\n', meta }),
      record('REVOKED', 'REVOKED', { result: new RemoteError('TaskRevokedError', 'celery.exceptions', ['revoked']) }),
      record('RETRY', 'RETRY', { result: error, traceback: 'text', meta }),
      record('STARTED', 'STARTED', { result: { pid: 1 }, meta }),
      record('PROGRESS', 'PROGRESS', { result: { current: 3 } }),
      record('null', 'SUCCESS', { meta: { periodicTaskName: 'every minute', createdAt: DONE, startedAt: DONE } }),
    ];
    expect(await store.put(stored)).toEqual(stored.map(() => ({ applied: true })));
    expect(await store.get(stored.map(({ taskId }) => taskId))).toEqual(stored);

    for (const { taskId, state, traceback, result } of stored) {
      const read = await oracle.call('get_task_meta', { task_id: taskId });
      expect(read).toMatchObject({ task_id: taskId, status: state, traceback });
      if (result instanceof RemoteError) {
        const { type, module, args } = result;
        expect(read.result.$exception).toMatchObject({ type, module, args });
      } else expect(read.result).toEqual(toTagged(result));
    }
    // By AsyncResult, with what Django's backend itself does not keep.
    expect(await oracle.call('result', { task_id: 'SUCCESS' })).toMatchObject({
      ...{ state: 'SUCCESS', successful: true, worker: 'w@host', args: [1, 'zwö'], kwargs: { x: null } },
      ...{ retries: 2, queue: 'celery', children: [{ $result: [['c', null], null] }] },
      date_done: { $datetime: DONE_TEXT },
    });
    expect(await oracle.call('django_row', { task_id: 'SUCCESS' })).toMatchObject({
      ...{ task_name: 'proj.add', content_type: 'application/json', content_encoding: 'utf-8' },
      ...{ task_args: '[1,"zwö"]', task_kwargs: '{"x":null}', date_done: { $datetime: DONE_TEXT }, date_started: null },
    });
    const { date_started: started } = await oracle.call('django_row', { task_id: 'STARTED' });
    expect(Date.parse(started.$datetime)).toBeGreaterThan(DONE);
    expect(await oracle.call('django_row', { task_id: 'null' })).toMatchObject({
      ...{ result: 'null', periodic_task_name: 'every minute' },
      ...{ date_created: { $datetime: DONE_TEXT }, date_started: { $datetime: DONE_TEXT } },
    });
    if (name !== 'SQLite') return;
    const { status, text } = await oracle.call('django_admin', { task_id: 'SUCCESS' });
    expect(status).toBe(200);
    for (const part of ['proj.add', 'w@host', 'Nov. 22, 2024', '&quot;zwö&quot;']) expect(text).toContain(part);
  });

  it('stores what Node reads in every state, with what its columns tell', async ({ oracle, skip }) => {
    await using place = await project(name, oracle, skip);
    const before = Date.now();
    const value = { list: [1, 1.5, null, '✓'], big: 2n ** 70n };
    const exc = { $exception: { type: 'KeyError', module: 'builtins', args: ['k'] } };
    await oracle.call('mark_as_started', { task_id: 'done', meta: { pid: 1 } });
    const store = place.open({ layout: 'django' });
    const [started] = (await store.get(['done'])) as TaskRecord[];
    expect(started).toMatchObject({ state: 'STARTED', result: { pid: 1 }, doneAt: null, traceback: null });
    await oracle.call('mark_as_done', { task_id: 'done', result: toTagged(value), request: REQUEST });
    await oracle.call('mark_as_done', { task_id: 'plain', result: null });
    await oracle.call('mark_as_failure', { task_id: 'failed', exc, traceback: 'TB', request: REQUEST });
    await oracle.call('mark_as_retry', { task_id: 'retried', exc, traceback: 'TB', request: REQUEST });
    await oracle.call('mark_as_revoked', { task_id: 'revoked', reason: 'terminated', request: REQUEST });
    await oracle.call('store_result', { task_id: 'custom', result: { n: 1 }, state: 'PROGRESS' });

    const read = (await store.get(['done', 'plain', 'failed', 'retried', 'revoked', 'custom'])) as TaskRecord[];
    const [done, plain, failed, retried, revoked, custom] = read;
    const { createdAt, startedAt, ...meta } = present(done).meta;
    expect({ ...done, meta }).toMatchObject({ state: 'SUCCESS', result: value, traceback: null, expiresAt: null });
    expect(meta).toEqual(KEPT);
    // SQLite's NOW has milliseconds; the servers' clocks are this machine's.
    for (const time of [createdAt, startedAt, done?.doneAt]) {
      expect(time).toBeGreaterThanOrEqual(before - 1);
      expect(time).toBeLessThanOrEqual(Date.now() + 1);
    }
    const error = new RemoteError('KeyError', 'builtins', ['k']);
    expect(plain).toMatchObject({ state: 'SUCCESS', result: null, meta: { createdAt: expect.any(Number) } });
    expect(failed).toMatchObject({ state: 'FAILURE', result: error, traceback: 'TB', meta: KEPT });
    expect(retried).toMatchObject({ state: 'RETRY', result: error, traceback: 'TB', doneAt: null, meta: KEPT });
    expect(revoked).toMatchObject({ state: 'REVOKED', result: { args: ['terminated'] }, doneAt: expect.any(Number) });
    expect(custom).toMatchObject({ state: 'PROGRESS', result: { n: 1 }, doneAt: null });

    // Moved to another place and back, the columns of Django's admin are as they were.
    const row = await oracle.call('django_row', { task_id: 'done' });
    await store.delete(['done']);
    expect(await store.put([present(done)])).toEqual([{ applied: true }]);
    expect(await store.get(['done'])).toEqual([done]);
    const { id, meta: document, result, task_args, task_kwargs, ...columns } = row;
    expect(await oracle.call('django_row', { task_id: 'done' })).toMatchObject(columns);
    // And byte for byte where it is asked for.
    await store.delete(['failed']);
    const failedRow = await oracle.call('django_row', { task_id: 'retried' });
    const verbatim = (await store.get(['retried'], { verbatim: true })) as TaskRecord[];
    await store.put(verbatim.map((each) => ({ ...each, taskId: 'failed' })));
    expect(await oracle.call('django_row', { task_id: 'failed' })).toEqual({
      ...failedRow,
      ...{ id: expect.any(Number), task_id: 'failed' },
    });
  });

  it.for([
    ['pickle', pickle, 'binary'],
    ['yaml', yaml, 'utf-8'],
    ['msgpack', msgpack, 'binary'],
  ] as const)(
    'and Node read each other with the serializer %s, which both accept',
    async ([ser, serializer, encoding], { oracle, skip }) => {
      await using place = await project(name, oracle, skip, { result_serializer: ser, accept_content: [ser, 'json'] });
      const exc = { $exception: { type: 'KeyError', module: 'builtins', args: ['k'] } };
      await oracle.call('mark_as_done', { task_id: 'django', result: { n: 1 }, request: REQUEST });
      await oracle.call('mark_as_failure', { task_id: 'failed', exc, traceback: 'TB', request: REQUEST });
      const store = place.open({ layout: 'django', serializer });
      const error = new RemoteError('KeyError', 'builtins', ['k']);
      expect(await store.get(['django', 'failed'])).toMatchObject([
        { result: { n: 1 }, meta: KEPT },
        { result: error, meta: KEPT },
      ]);
      await store.put([
        record('node', 'SUCCESS', { result: { n: 2 }, meta: { ...RELATED, args: new Tuple([1]) } }),
        record('node failed', 'FAILURE', { result: error, traceback: 'TB' }),
      ]);
      expect(await oracle.call('get_task_meta', { task_id: 'node' })).toMatchObject({ result: { n: 2 } });
      expect((await oracle.call('get_task_meta', { task_id: 'node failed' })).result.$exception).toMatchObject({
        ...{ type: 'KeyError', args: ['k'] },
      });
      expect(await oracle.call('django_row', { task_id: 'node' })).toMatchObject({
        ...{ content_type: serializer.contentType, content_encoding: encoding },
      });
      // A row of another serializer is read where that is accepted, and refused by itself where it is not.
      const [moved, refused] = [
        place.open({ layout: 'django', accept: ['json', serializer] }),
        place.open({ layout: 'django' }),
      ];
      expect(await moved.get(['django'])).toMatchObject([{ result: { n: 1 }, meta: KEPT }]);
      await moved.put([record('json')]);
      expect(await refused.get(['django', 'json'])).toMatchObject([
        { refused: { code: 'RB_DECODE' } },
        { state: 'SUCCESS' },
      ]);
    },
  );

  it('overwrites rows that Node has written, and nothing of our record stays', async ({ oracle, skip }) => {
    await using place = await project(name, oracle, skip);
    // PostgreSQL's triggers tell of Django's writes too: no poll would find it in time.
    const watching = name === 'PostgreSQL' ? { listen: true, pollMs: 60_000 } : { pollMs: 5 };
    const store = place.open({ layout: 'django-extended', ...watching });
    await store.put([
      record('a', 'STARTED', { expiresAt: 1, meta: RELATED }),
      record('b', 'FAILURE', { meta: RELATED }),
    ]);
    expect(await store.get(['a'])).toEqual([undefined]);
    const states: string[] = [];
    await present(store.notify)
      .subscribe({ record: (outcome) => states.push((outcome as TaskRecord).state), gap: () => undefined })
      .add(['a']);
    await oracle.call('mark_as_done', { task_id: 'a', result: 1 });
    await eventually(() => expect(states).toEqual(['SUCCESS']));
    const [read] = (await store.get(['a'])) as TaskRecord[];
    expect(read).toMatchObject({ state: 'SUCCESS', result: 1, expiresAt: null });
    for (const key of Object.keys(RELATED)) expect(read?.meta).not.toHaveProperty(key);
    expect(await store.expiry?.sweep?.(10)).toBe(0);
    // SUCCESS is final for Node, whoever stored it.
    expect(await store.put([record('a', 'FAILURE'), record('b')])).toEqual([
      { applied: false, state: 'SUCCESS' },
      { applied: true },
    ]);
    await oracle.call('forget', { task_id: 'a' });
    expect(await store.get(['a'])).toEqual([undefined]);
  });

  it('restores, joins and deletes groups that Node saved, and saves groups that Node counts', async ({
    oracle,
    skip,
  }) => {
    await using place = await project(name, oracle, skip);
    const store = place.open({ layout: 'django-extended' });
    const groups = present(store.groups);
    const members = [new ResultNode('a', new ResultNode('p')), new ResultNode('b')];
    await groups.save({ groupId: 'g', members, parent: new ResultNode('before'), expiresAt: null });
    await store.put([record('a', 'SUCCESS', { result: 1 }), record('b', 'SUCCESS', { result: 2 })]);
    expect(await oracle.call('restore_group', { group_id: 'g' })).toEqual({
      type: 'GroupResult',
      value: { $result: new ResultNode('g', new ResultNode('before'), members).toTuple() },
    });
    expect(await oracle.call('group_get', { group_id: 'g' })).toEqual([1, 2]);
    await oracle.call('delete_group', { group_id: 'g' });
    expect(await groups.load('g')).toBeUndefined();

    await oracle.call('save_group', { tuple: [['h', null], members.map((member) => member.toTuple())] });
    expect(await groups.load('h')).toEqual({ groupId: 'h', members, parent: null, expiresAt: null });
    expect(await groups.report('h', record('a'))).toEqual({ reported: 1, last: false });
    expect(await groups.report('h', record('a'))).toEqual({ reported: 1, last: false });
    expect(await groups.report('h', record('b'))).toEqual({ reported: 2, last: true });
    expect(await groups.delete('h')).toBe(true);
    expect(await oracle.call('django_row', { group_id: 'h' })).toBeNull();
  });

  it('cleans up by the date that Node wrote', async ({ oracle, skip }) => {
    await using place = await project(name, oracle, skip, { result_expires: 86_400 });
    const store = place.open({ layout: 'django' });
    const hours = (n: number): number => Date.now() - n * 3_600_000;
    await store.put([
      record('old', 'SUCCESS', { doneAt: hours(25) }),
      record('kept', 'SUCCESS', { doneAt: hours(23) }),
      record('started', 'STARTED'),
    ]);
    await oracle.call('cleanup');
    expect((await store.get(['old', 'kept', 'started'])).map((outcome) => outcome?.taskId)).toEqual([
      undefined,
      'kept',
      'started',
    ]);
  });
});
