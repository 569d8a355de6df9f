import { describe, expect, it } from 'vitest';
import {
  createResultBackend,
  type GetOutcome,
  isResultError,
  memoryStore,
  type ResultStore,
  type RetryEvent,
} from '../src/index.js';
import { counted, denied, errorOf, failing, recordOf, unavailable, unknownOutcome } from './stores.js';

const FAST = { baseMs: 1, maxMs: 4 };

describe('a retryable failure', () => {
  it('is repeated until it succeeds', async () => {
    const { store, calls } = counted(failing(memoryStore(), 'get', [unavailable(), unavailable()]));
    await using backend = createResultBackend(store, { retry: FAST });
    expect(await backend.get('a')).toMatchObject({ known: false });
    expect(calls.get).toHaveLength(3);
  });

  it('is told to onRetry before each pause, and pauses are bounded and jittered', async () => {
    const events: RetryEvent[] = [];
    const errors = Array.from({ length: 40 }, unavailable);
    const retry = { baseMs: 1, maxMs: 4, attempts: 41, onRetry: (event: RetryEvent) => events.push(event) };
    await using backend = createResultBackend(failing(memoryStore(), 'put', errors), { retry });
    await Promise.all([backend.succeed('a', 1), backend.succeed('b', 2)]);
    expect(events.map(({ attempt }) => attempt)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(events[0]).toMatchObject({ doing: 'put of 2 records', error: errors[0] });
    expect(events[0]?.pauseMs).toBeLessThanOrEqual(1);
    expect(events[1]?.pauseMs).toBeLessThanOrEqual(2);
    expect(Math.max(...events.map(({ pauseMs }) => pauseMs))).toBeLessThanOrEqual(4);
    expect(new Set(events.map(({ pauseMs }) => pauseMs)).size).toBeGreaterThan(30);
  });

  it('surfaces as it is when the attempts are used up', async () => {
    const errors = Array.from({ length: 9 }, unavailable);
    const { store, calls } = counted(failing(memoryStore(), 'delete', errors));
    await using backend = createResultBackend(store, { retry: { ...FAST, attempts: 3 } });
    await expect(backend.forget('a')).rejects.toBe(errors[2]);
    expect(calls.delete).toHaveLength(3);
  });

  it('is tried twelve times where nothing else is said', async () => {
    const { store, calls } = counted({ ...memoryStore(), get: () => Promise.reject(unavailable()) });
    await using backend = createResultBackend(store, { retry: { maxMs: 1 } });
    await expect(backend.get('a')).rejects.toMatchObject({ code: 'RB_UNAVAILABLE' });
    expect(calls.get).toHaveLength(12);
  });

  it('is not repeated past the deadline', async () => {
    const { store, calls } = counted({ ...memoryStore(), get: () => Promise.reject(unavailable()) });
    const retry = { baseMs: 1_000, maxMs: 1_000, attempts: 1_000, deadlineMs: 0 };
    await using backend = createResultBackend(store, { retry });
    await expect(backend.get('a')).rejects.toMatchObject({ code: 'RB_UNAVAILABLE' });
    expect(calls.get).toHaveLength(1);
  });

  it('is not repeated where retries are off', async () => {
    const { store, calls } = counted(failing(memoryStore(), 'get', [unavailable()]));
    await using backend = createResultBackend(store, { retry: false });
    await expect(backend.get('a')).rejects.toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
    expect(calls.get).toHaveLength(1);
  });

  it('ends at once where its caller aborts during a pause', async () => {
    const { store, calls } = counted({ ...memoryStore(), get: () => Promise.reject(unavailable()) });
    const controller = new AbortController();
    const retry = {
      baseMs: 1e9,
      maxMs: 1e9,
      deadlineMs: 1e10,
      onRetry: () => queueMicrotask(() => controller.abort()),
    };
    await using backend = createResultBackend(store, { retry });
    await expect(backend.get('a', { signal: controller.signal })).rejects.toMatchObject({ code: 'RB_ABORTED' });
    await expect(backend.ping({ signal: AbortSignal.timeout(1) })).rejects.toMatchObject({ code: 'RB_ABORTED' });
    expect(calls.get).toHaveLength(2);
  });

  it('is repeated for sweeps, statistics and groups too', async () => {
    const inner = memoryStore();
    const once = <T extends unknown[], R>(call: (...args: T) => Promise<R>): ((...args: T) => Promise<R>) => {
      let failed = false;
      return async (...args) => {
        if (failed) return call(...args);
        failed = true;
        throw unavailable();
      };
    };
    const { groups, stats, expiry } = inner;
    if (!groups || !stats || !expiry?.sweep) throw new Error('the memory store has all of them');
    const store: ResultStore = {
      ...inner,
      stats: { read: once(stats.read) },
      expiry: { resolutionMs: 1, sweep: once(expiry.sweep) },
      groups: {
        save: once(groups.save),
        load: once(groups.load),
        delete: once(groups.delete),
        report: once(groups.report),
      },
    };
    await using backend = createResultBackend(store, { retry: FAST });
    const group = backend.group('g');
    await group.save(['a']);
    expect(await group.load()).toHaveLength(1);
    expect(await group.report(recordOf('a'))).toEqual({ reported: 1, last: true });
    expect((await backend.stats()).total).toBe(0);
    expect(await backend.cleanup()).toBe(0);
    await group.forget();
    expect(await group.load()).toBeUndefined();
  });
});

describe('any other failure', () => {
  it('is not repeated', async () => {
    const { store, calls } = counted(failing(memoryStore(), 'get', [denied()]));
    await using backend = createResultBackend(store, { retry: FAST });
    await expect(backend.get('a')).rejects.toMatchObject({ code: 'RB_DENIED' });
    expect(calls.get).toHaveLength(1);
  });

  it('of a foreign kind becomes RB_STORE with the foreign error as its cause', async () => {
    const foreign = new Error('ECONNRESET from some driver');
    const throwing: ResultStore = {
      ...failing(memoryStore(), 'get', [foreign]),
      put: () => {
        throw foreign;
      },
    };
    await using backend = createResultBackend(throwing, { retry: FAST });
    const error = await errorOf(backend.get('a'));
    expect(isResultError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'RB_STORE', retryable: false, cause: foreign });
    expect(error.message).toContain('memory: get of 1 record');
    expect(error.message).not.toContain(foreign.message);
    await expect(backend.succeed('a', 1)).rejects.toMatchObject({ code: 'RB_STORE', cause: foreign });
  });
});

describe('a write with an unknown outcome', () => {
  const lost = (): ResultStore => failing(memoryStore(), 'put', [unknownOutcome()], 'after');

  it('is applied where the repeated one finds its own SUCCESS', async () => {
    await using backend = createResultBackend(lost(), { retry: FAST });
    const outcomes = await Promise.all([backend.succeed('a', { total: [1, 2] }), backend.start('b')]);
    expect(outcomes).toEqual([{ applied: true }, { applied: true }]);
    expect((await backend.get('a')).result).toEqual({ total: [1, 2] });
  });

  it('is applied where the layout rounds the time to whole seconds, or keeps none', async () => {
    for (const stored of [(ms: number) => Math.floor(ms / 1_000) * 1_000, () => null]) {
      const inner = lost();
      const get: ResultStore['get'] = async (ids) =>
        (await inner.get(ids)).map((outcome) =>
          outcome && 'state' in outcome ? { ...outcome, doneAt: stored(outcome.doneAt ?? 0) } : outcome,
        );
      await using backend = createResultBackend({ ...inner, get }, { retry: FAST });
      expect(await backend.succeed('a', 1)).toEqual({ applied: true });
    }
  });

  it("is not applied where somebody else's SUCCESS stands", async () => {
    const inner = memoryStore();
    await inner.put([recordOf('a', { result: 'theirs', doneAt: Date.now() })]);
    await inner.put([recordOf('b', { result: 'same', doneAt: 1_000 })]);
    await using backend = createResultBackend(failing(inner, 'put', [unknownOutcome()]), { retry: FAST });
    const outcomes = await Promise.all([
      backend.succeed('a', 'ours'),
      backend.succeed('b', 'same'),
      backend.succeed('c', 1),
      backend.start('a'),
    ]);
    const not = { applied: false, state: 'SUCCESS' };
    expect(outcomes).toEqual([not, not, { applied: true }, not]);
  });

  it('is not applied where what stands by then is no SUCCESS at all', async () => {
    const other: GetOutcome = recordOf('a', { state: 'STARTED', result: 1, doneAt: null });
    await using backend = createResultBackend({ ...lost(), get: async () => [other] }, { retry: FAST });
    expect(await backend.succeed('a', 1)).toEqual({ applied: false, state: 'SUCCESS' });
  });

  it('credits the first of two SUCCESSes of one tick, not the second', async () => {
    await using backend = createResultBackend(lost(), { retry: FAST });
    const outcomes = await Promise.all([backend.succeed('a', 1), backend.succeed('a', 2)]);
    expect(outcomes).toEqual([{ applied: true }, { applied: false, state: 'SUCCESS' }]);
  });

  it('stays unknown, for its own call alone, where what stands cannot be read', async () => {
    const inner = lost();
    const store: ResultStore = { ...inner, get: () => Promise.reject(denied()) };
    await using backend = createResultBackend(store, { retry: FAST });
    const [doubtful, sure] = await Promise.allSettled([backend.succeed('a', 1), backend.start('b')]);
    expect(doubtful).toMatchObject({
      reason: { code: 'RB_OUTCOME_UNKNOWN', taskId: 'a', cause: { code: 'RB_DENIED' } },
    });
    expect(sure).toMatchObject({ value: { applied: true } });
  });

  it('stays unknown where retries are off', async () => {
    await using backend = createResultBackend(lost(), { retry: false });
    await expect(backend.succeed('a', 1)).rejects.toMatchObject({ code: 'RB_OUTCOME_UNKNOWN' });
  });
});
