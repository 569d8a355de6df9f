import { describe, expect, it, vi } from 'vitest';
import {
  createResultBackend,
  type GetOutcome,
  isTaskFailedError,
  memoryStore,
  type PutOptions,
  RemoteError,
  ResultError,
  type ResultStore,
} from '../src/index.js';
import { collect, counted, errorOf, recordOf, settle, unavailable } from './stores.js';

describe('storing', () => {
  it('stores what get then returns, with doneAt from the clock where the task is ready', async () => {
    await using backend = createResultBackend(memoryStore(), { now: () => 5_000, expiresIn: null });
    expect(await backend.store('a', 'SUCCESS', { total: 42 })).toEqual({ applied: true });
    expect(await backend.get('a')).toEqual({
      ...recordOf('a', { result: { total: 42 }, doneAt: 5_000 }),
      known: true,
      ready: true,
    });
    await backend.store('b', 'STARTED', { pid: 1 });
    expect(await backend.get('b')).toMatchObject({ state: 'STARTED', doneAt: null, known: true, ready: false });
  });

  it('stores null where no result is given', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.store('a', 'SUCCESS');
    await backend.store('b', 'SUCCESS', undefined);
    expect((await backend.getMany(['a', 'b'])).map(({ result }) => result)).toEqual([null, null]);
  });

  it('hands traceback, doneAt and meta through', async () => {
    await using backend = createResultBackend(memoryStore());
    const meta = { name: 'add', worker: 'w1', parentId: 'p', custom: [1] };
    await backend.store('a', 'FAILURE', null, { traceback: 'Traceback: x', doneAt: 77, meta });
    expect(await backend.get('a')).toMatchObject({ traceback: 'Traceback: x', doneAt: 77, meta });
  });

  it('leaves doneAt null for a state that is not ready, even if one is given', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.store('a', 'STARTED', null, { doneAt: 77 });
    expect((await backend.get('a')).doneAt).toBeNull();
  });

  it('says what stands where a SUCCESS was there', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.succeed('a', 1);
    expect(await backend.start('a')).toEqual({ applied: false, state: 'SUCCESS' });
    expect((await backend.get('a')).result).toBe(1);
  });

  it('hands the route to put, by task id, and only where there is one', async () => {
    const seen: (PutOptions | undefined)[] = [];
    const inner = memoryStore();
    const store: ResultStore = {
      ...inner,
      put: (records, options) => {
        seen.push(options);
        return inner.put(records, options);
      },
    };
    await using backend = createResultBackend(store);
    const route = { replyTo: 'queue-1', correlationId: 'a' };
    await Promise.all([backend.succeed('a', 1, { route }), backend.succeed('b', 2)]);
    await backend.succeed('c', 3);
    expect(seen[0]?.routes).toEqual(new Map([['a', route]]));
    expect(seen[1]).not.toHaveProperty('routes');
  });
});

describe('the short forms', () => {
  it('store the state that their name says', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.succeed('s', 1);
    await backend.fail('f', new Error('x'));
    await backend.start('t', { pid: 7 });
    await backend.retry('r', new Error('again'));
    await backend.revoke('v');
    await backend.progress('p', { done: 3 });
    await backend.progress('q', { done: 4 }, { state: 'UPLOADING' });
    const records = await backend.getMany(['s', 'f', 't', 'r', 'v', 'p', 'q']);
    expect(records.map(({ state }) => state)).toEqual([
      'SUCCESS',
      'FAILURE',
      'STARTED',
      'RETRY',
      'REVOKED',
      'PROGRESS',
      'UPLOADING',
    ]);
    expect(records.map(({ ready }) => ready)).toEqual([true, true, false, false, true, false, false]);
    expect(records[2]?.result).toEqual({ pid: 7 });
    expect(records[5]?.result).toEqual({ done: 3 });
  });

  it('store errors as RemoteErrors, with their own stack as the traceback unless another is given', async () => {
    await using backend = createResultBackend(memoryStore());
    const error = new RangeError('too far');
    await backend.fail('f', error);
    await backend.fail('g', error, { traceback: null });
    await backend.fail('h', 'only text');
    await backend.retry('r', error);
    await backend.retry('n');
    const [f, g, h, r, n] = await backend.getMany(['f', 'g', 'h', 'r', 'n']);
    expect(f?.result).toMatchObject({ type: 'RangeError', message: 'too far' });
    expect(f?.traceback).toBe(error.stack);
    expect(g?.traceback).toBeNull();
    expect(h).toMatchObject({ result: { type: 'Error', message: 'only text' }, traceback: null });
    expect(r).toMatchObject({ result: { type: 'RangeError' }, traceback: error.stack });
    expect(n).toMatchObject({ result: null, traceback: null });
  });

  it('store the reason of a revocation as Celery does', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.revoke('a', 'terminated');
    expect((await backend.get('a')).result).toMatchObject({
      type: 'TaskRevokedError',
      module: 'celery.exceptions',
      args: ['terminated'],
    });
  });

  it('keep an Error, or text, readable where store is told FAILURE itself', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.store('a', 'FAILURE', new Error('boom'));
    await backend.store('b', 'FAILURE', 'boom');
    await backend.store('c', 'FAILURE', new RemoteError('ValueError', 'builtins', ['boom']));
    for (const id of ['a', 'b', 'c']) await expect(backend.result(id)).rejects.toThrow('boom');
  });
});

describe('results that are ignored', () => {
  it('are not sent, for the whole backend or for one call', async () => {
    const { store, calls } = counted(memoryStore());
    await using ignoring = createResultBackend(store, { ignoreResult: true });
    expect(await ignoring.succeed('a', 1)).toEqual({ applied: false, ignored: true });
    expect(await ignoring.fail('a', new Error('x'))).toEqual({ applied: false, ignored: true });
    await using keeping = createResultBackend(store);
    expect(await keeping.succeed('a', 1, { ignoreResult: true })).toEqual({ applied: false, ignored: true });
    expect(calls.put).toEqual([]);
  });

  it('are stored where a call says so', async () => {
    await using backend = createResultBackend(memoryStore(), { ignoreResult: true });
    expect(await backend.succeed('a', 1, { ignoreResult: false })).toEqual({ applied: true });
  });

  it('do not include failures and revocations where errors are stored even if ignored', async () => {
    await using backend = createResultBackend(memoryStore(), { ignoreResult: true, storeErrorsEvenIfIgnored: true });
    expect(await backend.fail('f', new Error('x'))).toEqual({ applied: true });
    expect(await backend.revoke('r')).toEqual({ applied: true });
    expect(await backend.succeed('s', 1)).toEqual({ applied: false, ignored: true });
    expect(await backend.retry('t', new Error('x'))).toEqual({ applied: false, ignored: true });
    expect(await backend.fail('g', new Error('x'), { ignoreResult: true })).toEqual({ applied: true });
  });
});

describe('reading', () => {
  it('reads an unknown id as PENDING that is not known', async () => {
    await using backend = createResultBackend(memoryStore());
    const pending = recordOf('nobody', { state: 'PENDING', doneAt: null });
    expect(await backend.get('nobody')).toEqual({ ...pending, known: false, ready: false });
  });

  it('tells a stored PENDING from an unknown id', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.store('a', 'PENDING');
    expect(await backend.get('a')).toMatchObject({ state: 'PENDING', known: true });
  });

  it('aligns many records with their ids, duplicates and misses included', async () => {
    await using backend = createResultBackend(memoryStore());
    await Promise.all([backend.succeed('a', 1), backend.succeed('b', 2)]);
    const records = await backend.getMany(['b', 'none', 'a', 'b']);
    expect(records.map(({ taskId, result }) => [taskId, result])).toEqual([
      ['b', 2],
      ['none', null],
      ['a', 1],
      ['b', 2],
    ]);
    expect(await backend.getMany([])).toEqual([]);
  });

  it('rejects with RB_DECODE for a record that cannot be read, and reads its neighbours', async () => {
    const inner = memoryStore();
    const refused = new ResultError('RB_DECODE', 'task bad cannot be read', { taskId: 'bad' });
    const get: ResultStore['get'] = async (taskIds, options) =>
      (await inner.get(taskIds, options)).map(
        (outcome, i): GetOutcome => (taskIds[i] === 'bad' ? { taskId: 'bad', refused } : outcome),
      );
    await using backend = createResultBackend({ ...inner, get });
    await backend.succeed('good', 1);
    const [bad, good] = await Promise.allSettled([backend.get('bad'), backend.get('good')]);
    expect(bad).toEqual({ status: 'rejected', reason: refused });
    expect(good).toMatchObject({ status: 'fulfilled', value: { result: 1 } });
    await expect(backend.getMany(['good', 'bad'])).rejects.toBe(refused);
    await expect(backend.wait('bad')).rejects.toBe(refused);
  });

  it('returns the value of a task that succeeded', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.succeed('a', { total: 42 });
    expect(await backend.result('a')).toEqual({ total: 42 });
  });

  it('rejects with the failure of a task that failed or was revoked', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.fail('f', new RemoteError('ValueError', 'builtins', ['bad input']), { traceback: 'File "x.py"' });
    await backend.revoke('r');
    const failed = await errorOf(backend.result('f'));
    expect(isTaskFailedError(failed)).toBe(true);
    expect(failed).toMatchObject({ taskId: 'f', state: 'FAILURE', traceback: 'File "x.py"' });
    expect(failed.remote).toMatchObject({ type: 'ValueError', module: 'builtins', message: 'bad input' });
    await expect(backend.result('r')).rejects.toMatchObject({ state: 'REVOKED', remote: { type: 'TaskRevokedError' } });
  });
});

describe('forgetting', () => {
  it('makes ids unknown, and free for a new history', async () => {
    await using backend = createResultBackend(memoryStore());
    await Promise.all(['a', 'b', 'c'].map((id) => backend.succeed(id, id)));
    await backend.forget('a');
    await backend.forget(['b', 'none']);
    expect((await backend.getMany(['a', 'b', 'c'])).map(({ known }) => known)).toEqual([false, false, true]);
    expect(await backend.start('a')).toEqual({ applied: true });
    await backend.forget([]);
  });
});

describe('housekeeping', () => {
  it('cleans up until a sweep removes nothing, though each removes fewer than asked for', async () => {
    let now = 0;
    const inner = memoryStore({ now: () => now });
    const limits: number[] = [];
    const sweep = async (limit: number): Promise<number> => {
      limits.push(limit);
      return (await inner.expiry?.sweep?.(Math.min(limit, 3))) ?? 0;
    };
    await using backend = createResultBackend({ ...inner, expiry: { resolutionMs: 1, sweep } }, { now: () => now });
    await Promise.all(Array.from({ length: 7 }, (_, i) => backend.succeed(`${i}`, i, { expiresIn: 10 })));
    await backend.succeed('stays', 1, { expiresIn: 1_000 });
    now = 100;
    const seen: number[] = [];
    const cleaned = await backend.cleanup({ batchSize: 5, pauseMs: 1, onProgress: (removed) => seen.push(removed) });
    expect([cleaned, seen]).toEqual([7, [3, 6, 7]]);
    expect(limits).toEqual([5, 5, 5, 5]);
    expect((await backend.stats()).total).toBe(1);
    expect(await backend.cleanup()).toBe(0);
  });

  it('ends a cleanup between batches when it is aborted', async () => {
    let now = 0;
    await using backend = createResultBackend(memoryStore({ now: () => now }), { now: () => now });
    await Promise.all(Array.from({ length: 4 }, (_, i) => backend.succeed(`${i}`, i, { expiresIn: 10 })));
    await backend.succeed('live', 1, { expiresIn: 1_000 });
    now = 100;
    const aborting = new AbortController();
    const cleaning = backend.cleanup({
      ...{ batchSize: 1, pauseMs: 60_000, signal: aborting.signal },
      onProgress: () => aborting.abort(),
    });
    await expect(cleaning).rejects.toMatchObject({ code: 'RB_ABORTED' });
    expect(await backend.cleanup()).toBe(3);
  });

  it('has nothing to clean up where the server does it itself, or where nothing expires', async () => {
    await using own = createResultBackend({ ...memoryStore(), expiry: { resolutionMs: 1 } });
    await using never = createResultBackend({ ...memoryStore(), expiry: undefined });
    expect([await own.cleanup(), await never.cleanup()]).toEqual([0, 0]);
  });

  it('reads statistics, or says that the store has none', async () => {
    await using backend = createResultBackend(memoryStore());
    await Promise.all([backend.succeed('a', 1, { doneAt: 10 }), backend.start('b')]);
    const stats = await backend.stats();
    expect(stats).toMatchObject({ byState: { SUCCESS: 1, STARTED: 1 }, total: 2, oldestDoneAt: 10, estimated: false });
    await using without = createResultBackend({ ...memoryStore(), stats: undefined });
    await expect(without.stats()).rejects.toMatchObject({ code: 'RB_UNSUPPORTED' });
  });

  it('pings by a read, and rejects where the store does not answer', async () => {
    const { store, calls } = counted(memoryStore());
    await using backend = createResultBackend(store, { retry: false });
    await backend.ping();
    expect(calls.get).toHaveLength(1);
    await using down = createResultBackend({ ...store, get: () => Promise.reject(unavailable()) }, { retry: false });
    await expect(down.ping()).rejects.toMatchObject({ code: 'RB_UNAVAILABLE' });
  });

  it('refuses a store of another contract', () => {
    const store = { ...memoryStore(), contract: 2 } as unknown as ResultStore;
    expect(() => createResultBackend(store)).toThrow(expect.objectContaining({ code: 'RB_CONTRACT' }));
    expect(() => createResultBackend(undefined as unknown as ResultStore)).toThrow('expected a store of contract 1');
  });

  it('rejects with RB_CONTRACT where a store answers fewer records than it was asked for', async () => {
    const inner = memoryStore();
    const get: ResultStore['get'] = async (ids) => (await inner.get(ids)).filter((outcome) => outcome !== undefined);
    await using backend = createResultBackend({ ...inner, get, put: async () => [] });
    await expect(backend.get('a')).rejects.toMatchObject({ code: 'RB_CONTRACT' });
    await expect(backend.succeed('a', 1)).rejects.toMatchObject({ code: 'RB_CONTRACT' });
  });
});

describe('closing', () => {
  it('closes the store once, however often and concurrently it is asked for', async () => {
    const close = vi.fn(async () => {});
    const backend = createResultBackend({ ...memoryStore(), close });
    await Promise.all([backend.close(), backend.close()]);
    await backend.close();
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('happens at the end of an await using block', async () => {
    const close = vi.fn(async () => {});
    {
      await using backend = createResultBackend({ ...memoryStore(), close });
      await backend.ping();
      expect(close).not.toHaveBeenCalled();
    }
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('ends waits, watches and joins with RB_CLOSED', async () => {
    const backend = createResultBackend(memoryStore());
    const ended = Promise.allSettled([
      backend.wait('a'),
      backend.result('b', { timeoutMs: 60_000 }),
      collect(backend.watch('c')),
      backend.group('g', ['d', 'e']).join(),
    ]);
    await settle();
    await backend.close();
    const codes = (await ended).map((end) => end.status === 'rejected' && end.reason.code);
    expect(codes).toEqual(['RB_CLOSED', 'RB_CLOSED', 'RB_CLOSED', 'RB_CLOSED']);
  });

  it('makes every later call reject with RB_CLOSED, also one that would send nothing', async () => {
    const backend = createResultBackend(memoryStore(), { ignoreResult: true });
    await backend.close();
    const group = backend.group('g', ['a']);
    const calls = [
      () => backend.store('a', 'SUCCESS'),
      () => backend.get('a'),
      () => backend.getMany([]),
      () => backend.result('a'),
      () => backend.wait('a', { timeoutMs: 0 }),
      () => backend.watch('a').next(),
      () => backend.forget([]),
      () => backend.cleanup(),
      () => backend.stats(),
      () => backend.ping(),
      () => group.save(['a']),
      () => group.load(),
      () => group.join(),
      () => backend.group('g', []).join(),
      () => group.asCompleted().next(),
      () => group.report('a'),
      () => group.forget(),
    ];
    for (const call of calls) await expect(call(), `${call}`).rejects.toMatchObject({ code: 'RB_CLOSED' });
  });

  it('does not begin another attempt of what was being retried', async () => {
    const { store, calls } = counted({ ...memoryStore(), get: () => Promise.reject(unavailable()) });
    const backend = createResultBackend(store, { retry: { baseMs: 1, attempts: 1_000, deadlineMs: 60_000 } });
    const read = backend.get('a').catch((error) => error);
    await expect.poll(() => calls.get.length).toBeGreaterThan(1);
    await backend.close();
    const made = calls.get.length;
    expect(await read).toMatchObject({ code: 'RB_CLOSED' });
    expect(calls.get).toHaveLength(made);
  });

  it('closes the store also where the subscription cannot be closed, and tells', async () => {
    const inner = memoryStore();
    const close = vi.fn(inner.close);
    const notify = {
      subscribe: () => ({ add: async () => {}, remove: () => {}, close: () => Promise.reject(unavailable()) }),
    };
    const backend = createResultBackend({ ...inner, notify, close });
    const wait = backend.wait('a').catch((error) => error);
    await settle();
    await expect(backend.close()).rejects.toMatchObject({ code: 'RB_UNAVAILABLE' });
    expect(close).toHaveBeenCalledTimes(1);
    expect(await wait).toMatchObject({ code: 'RB_CLOSED' });
  });
});
