import { createResultBackend, ResultNode, type ResultStore, type TaskRecord } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { MongoClient } from 'mongodb';
import { describe, expect } from 'vitest';
import { databaseAt, errorOf, recordOf, storeAt } from './stores.js';

const test = await serverTest('mongo');
const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);

describe('indexes', () => {
  test('are made when something is stored first, and let the server remove what has expired', async ({ server }) => {
    const { url, tasks, groups } = databaseAt(server.url);
    const store = storeAt({ url });
    await store.put([recordOf({ expiresAt: Date.now() - 1 }), recordOf({ taskId: 'kept' })]);
    await store.groups?.save({ groupId: 'g', members: [], parent: null, expiresAt: Date.now() - 1 });
    expect(await store.get(['a', 'kept'])).toMatchObject([undefined, { taskId: 'kept' }]);
    for (const collection of [tasks, groups])
      await expect
        .poll(async () => (await collection.indexes()).map(({ key, expireAfterSeconds: after }) => ({ ...key, after })))
        .toEqual(expect.arrayContaining([{ date_done: 1 }, { rb_expires_at: 1, after: 0 }]));
    // A real MongoDB looks each minute.
    const left = () => Promise.all([tasks.distinct('_id'), groups.distinct('_id')]);
    await expect.poll(left, { timeout: 100_000, interval: 200 }).toEqual([['kept'], []]);
  }, 120_000);

  test('are not made where that is not wanted, and their failure is told', async ({ server }) => {
    const { url, tasks, db } = databaseAt(server.url);
    await storeAt({ url, createIndexes: false }).put([recordOf()]);
    expect(await tasks.indexes()).toHaveLength(1);
    // The same keys with another meaning.
    await tasks.createIndex({ rb_expires_at: 1 }, { expireAfterSeconds: 1_000 });
    const errors: unknown[] = [];
    const store = storeAt({
      client: db.client,
      database: db.databaseName,
      onBackgroundError: (error) => errors.push(error),
    });
    await store.put([recordOf({ taskId: 'b' })]);
    await expect.poll(() => errors).toMatchObject([{ message: expect.stringContaining('making indexes') }]);
    expect(await store.get(['b'])).toMatchObject([{ taskId: 'b' }]);
  });
});

describe('much at once', () => {
  test('10,000 stores and gets are all answered', async ({ server }) => {
    await using backend = createResultBackend(storeAt({ url: databaseAt(server.url).url }), { expiresIn: '5m' });
    const many = ids(10_000);
    await Promise.all(many.map((taskId, i) => backend.succeed(taskId, { i })));
    const found = await Promise.all(many.map((taskId) => backend.get(taskId)));
    expect(found.map(({ result }) => result)).toEqual(many.map((_, i) => ({ i })));
    const stats = await backend.stats();
    expect(stats).toMatchObject({ total: 10_000, byState: { SUCCESS: 10_000 }, estimated: false });
    await backend.forget(many);
    expect((await backend.get('t9999')).state).toBe('PENDING');
  }, 120_000);

  test('10,000 calls of a store by themselves take ten connections', async ({ server }) => {
    const store = storeAt({ url: databaseAt(server.url).url, acquireTimeoutMs: 60_000 });
    await store.put([recordOf()]);
    const found = await Promise.all(ids(10_000).map(() => store.get(['a'])));
    expect(found.every(([record]) => record?.taskId === 'a')).toBe(true);
  }, 120_000);

  test('a result of 15 MB arrives whole, and one beyond 16 MiB is refused', async ({ server }) => {
    const store = storeAt({ url: databaseAt(server.url).url });
    const result = 'é'.repeat(7.5e6);
    const outcomes = await store.put([recordOf({ result }), recordOf({ taskId: 'b', result: 'x'.repeat(20e6) })]);
    expect(outcomes).toMatchObject([{ applied: true }, { refused: { code: 'RB_TOO_LARGE', taskId: 'b' } }]);
    const [record] = (await store.get(['a'])) as [TaskRecord];
    expect(record.result === result).toBe(true);
  }, 60_000);

  test('100 records of a megabyte are stored by one put, and read by one get', async ({ server }) => {
    const store = storeAt({ url: databaseAt(server.url).url });
    const result = 'x'.repeat(1e6);
    const all = ids(100).map((taskId) => recordOf({ taskId, result }));
    expect(await store.put(all)).toEqual(all.map(() => ({ applied: true })));
    expect((await store.get(ids(100))).every((record) => (record as TaskRecord).result === result)).toBe(true);
  }, 60_000);
});

describe('a put', () => {
  test('of one id several times acts as one after the other', async ({ server }) => {
    const store = storeAt({ url: databaseAt(server.url).url });
    const states = ['STARTED', 'SUCCESS', 'FAILURE'].map((state) => recordOf({ state, result: state }));
    expect(await store.put([...states, recordOf({ taskId: 'b' })])).toEqual([
      ...[{ applied: true }, { applied: true }, { applied: false, state: 'SUCCESS' }, { applied: true }],
    ]);
  });

  test('where another unique index is in the way is refused, and the records beside it are stored', async ({
    server,
  }) => {
    const { url, tasks } = databaseAt(server.url);
    await tasks.createIndex({ worker: 1 }, { unique: true, sparse: true });
    const store = storeAt({ url, createIndexes: false });
    const of = (taskId: string, worker: string): TaskRecord => recordOf({ taskId, meta: { worker } });
    expect(await store.put([of('a', 'w'), of('b', 'w'), of('c', 'x')])).toMatchObject([
      { applied: true },
      { refused: { code: 'RB_STORE', taskId: 'b' } },
      { applied: true },
    ]);
    expect(await store.put([of('d', 'w')])).toMatchObject([{ refused: { code: 'RB_STORE', taskId: 'd' } }]);
  });

  test('over documents of others, which may be anything, replaces them', async ({ server }) => {
    const { url, tasks } = databaseAt(server.url);
    await tasks.insertMany([
      { _id: 'a', x: 1 },
      { _id: 'b', status: null },
      { _id: 'c', status: 'SUCCESS', rb_expires_at: 'x' },
    ]);
    const store = storeAt({ url });
    expect(await store.get(['a'])).toMatchObject([{ taskId: 'a', refused: { code: 'RB_DECODE' } }]);
    expect(await store.put(['a', 'b', 'c'].map((taskId) => recordOf({ taskId })))).toEqual([
      { applied: true },
      { applied: true },
      { applied: false, state: 'SUCCESS' },
    ]);
  });
});

describe('a group', () => {
  test('of 1,000 members is counted to its end, by 1,000 reports in any order', async ({ server }) => {
    const store = storeAt({ url: databaseAt(server.url).url });
    const { groups } = store as Required<ResultStore>;
    const members = ids(1_000).map((taskId) => new ResultNode(taskId));
    await groups?.save({ groupId: 'g', members, parent: null, expiresAt: null });
    const shuffled = ids(1_000).map((_, i) => `t${(i * 7) % 1_000}`);
    const reports = await Promise.all(shuffled.map((taskId) => groups?.report('g', recordOf({ taskId }))));
    expect(reports.map((report) => report?.reported).toSorted((a = 0, b = 0) => a - b)).toEqual(
      members.map((_, i) => i + 1),
    );
    expect(reports.filter((report) => report?.last)).toHaveLength(1);
  }, 120_000);
});

describe('errors', () => {
  test('tell a server that is not there, at once or in time', async () => {
    const store = storeAt({ url: 'mongodb://u:secret@127.0.0.1:1/d', serverSelectionTimeoutMs: 300 });
    const error = await errorOf(store.put([recordOf()]));
    expect(error).toMatchObject({
      code: 'RB_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('127.0.0.1:1'),
    });
    expect(JSON.stringify([error, String(error), error.cause])).not.toContain('secret');
  });

  test('of a server that is killed under a write leave its outcome open, and the store works again', async () => {
    const { start } = await import('@rb/servers/start');
    const own = await start('mongo');
    if ('missing' in own) throw new Error(own.missing);
    await using server = own;
    const store = storeAt({ url: `${server.url}d`, serverSelectionTimeoutMs: 500, createIndexes: false });
    await store.put([recordOf()]);
    await server.nodes?.[0]?.pause();
    const put = errorOf(store.put([recordOf({ taskId: 'b' })]));
    const get = errorOf(store.get(['a']));
    await server.nodes?.[0]?.kill();
    expect(await put).toMatchObject({ code: 'RB_OUTCOME_UNKNOWN', retryable: true });
    expect(await get).toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
    expect(await errorOf(store.put([recordOf({ taskId: 'c' })]))).toMatchObject({ code: 'RB_UNAVAILABLE' });
    await server.nodes?.[0]?.restart();
    await expect.poll(() => store.get(['a']).catch(() => 'error')).toMatchObject([{ taskId: 'a' }]);
  }, 120_000);

  test("of a caller's client that was closed are errors of the call", async ({ server }) => {
    const client = new MongoClient(server.url);
    const store = storeAt({ client, database: databaseAt(server.url).name });
    await store.put([recordOf()]);
    await client.close();
    expect(await errorOf(store.get(['a']))).toMatchObject({ code: 'RB_UNAVAILABLE' });
  });
});
