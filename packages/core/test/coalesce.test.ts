import { describe, expect, it } from 'vitest';
import { createResultBackend, memoryStore, type PutOutcome, ResultError, type ResultStore } from '../src/index.js';
import { counted, failing, Gate, recordOf, settle, unavailable } from './stores.js';

const ids = (n: number): string[] => Array.from({ length: n }, (_, i) => `t${i}`);

/** A store whose puts and gets wait at a gate, and which notes the signal that each was given. */
function braked(): { readonly store: ResultStore; readonly gate: Gate; readonly signals: (AbortSignal | undefined)[] } {
  const inner = memoryStore();
  const gate = new Gate();
  const signals: (AbortSignal | undefined)[] = [];
  const store: ResultStore = {
    ...inner,
    async put(records, options) {
      signals.push(options?.signal);
      await gate.pass();
      return inner.put(records);
    },
    async get(taskIds, options) {
      signals.push(options?.signal);
      await gate.pass();
      return inner.get(taskIds);
    },
  };
  return { store, gate, signals };
}

describe('calls of one tick', () => {
  it('become one call of the store, each kind its own', async () => {
    const { store, calls } = counted(memoryStore());
    await using backend = createResultBackend(store);
    const all = ids(100);
    await Promise.all(all.map((id) => backend.succeed(id, id)));
    expect((await Promise.all(all.map((id) => backend.get(id)))).map(({ result }) => result)).toEqual(all);
    await Promise.all(all.map((id) => backend.forget(id)));
    expect(calls).toEqual({ put: [all], get: [all], delete: [all] });
  });

  it('stay apart from the calls of the next tick', async () => {
    const { store, calls } = counted(memoryStore());
    await using backend = createResultBackend(store);
    const first = backend.get('a');
    await settle();
    await Promise.all([first, backend.get('b')]);
    expect(calls.get).toEqual([['a'], ['b']]);
  });

  it('are split where there are more than maxBatchItems', async () => {
    const { store, calls } = counted(memoryStore());
    await using backend = createResultBackend(store, { maxBatchItems: 3 });
    await Promise.all(ids(7).map((id) => backend.succeed(id, 1)));
    await backend.getMany(ids(7));
    await backend.forget(ids(7));
    for (const batches of Object.values(calls))
      expect(batches.map((batch: string[]) => batch.length)).toEqual([3, 3, 1]);
  });

  it('are split where they hold more than maxBatchBytes, and one too large goes alone', async () => {
    const { store, calls } = counted(memoryStore());
    await using backend = createResultBackend(store, { maxBatchBytes: 10_000 });
    const puts = [4_000, 4_000, 4_000, 50_000, 10].map((bytes, i) => backend.succeed(`${i}`, 'x'.repeat(bytes)));
    await Promise.all(puts);
    expect(calls.put).toEqual([['0', '1'], ['2'], ['3'], ['4']]);
  });

  it('count arguments and tracebacks into their size', async () => {
    const { store, calls } = counted(memoryStore());
    await using backend = createResultBackend(store, { maxBatchBytes: 10_000 });
    const text = 'x'.repeat(9_000);
    await Promise.all([
      backend.succeed('a', 1, { meta: { kwargs: { text } } }),
      backend.fail('b', 'e', { traceback: text }),
      backend.succeed('c', text),
    ]);
    expect(calls.put).toEqual([['a'], ['b'], ['c']]);
  });

  it('act one after the other on the same id', async () => {
    await using backend = createResultBackend(memoryStore());
    const outcomes = await Promise.all([
      backend.start('a'),
      backend.succeed('a', 1),
      backend.succeed('a', 2),
      backend.fail('a', 'late'),
    ]);
    expect(outcomes.map(({ applied }) => applied)).toEqual([true, true, false, false]);
    expect((await backend.get('a')).result).toBe(1);
  });

  it('keep that order across the batches of a split, though the first one is slow or fails', async () => {
    for (const errors of [[], [unavailable()], [new ResultError('RB_STORE', 'no')]]) {
      const inner = failing(memoryStore(), 'put', errors);
      let running = 0;
      const store: ResultStore = {
        ...inner,
        async put(records, options) {
          running += 1;
          expect(running).toBe(1);
          await settle();
          const outcomes = await inner.put(records, options).finally(() => {
            running -= 1;
          });
          return outcomes;
        },
      };
      await using backend = createResultBackend(store, { maxBatchItems: 1, retry: { baseMs: 1 } });
      const puts = [1, 2, 3].map((step) => backend.progress('a', step));
      await Promise.allSettled(puts);
      expect((await backend.get('a')).result).toBe(3);
    }
  });
});

describe('one of a batch', () => {
  it('that the store refuses fails its own call alone', async () => {
    const inner = memoryStore();
    const refused = new ResultError('RB_ENCODE', 'task b cannot be encoded', { taskId: 'b' });
    const put: ResultStore['put'] = async (records) => {
      const outcomes: PutOutcome[] = [];
      for (const record of records) {
        outcomes.push(...(record.taskId === 'b' ? [{ refused }] : await inner.put([record])));
      }
      return outcomes;
    };
    await using backend = createResultBackend({ ...inner, put });
    const settled = await Promise.allSettled(['a', 'b', 'c'].map((id) => backend.succeed(id, id)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: refused });
  });

  it('whose value throws on being looked at fails its own call alone', async () => {
    await using backend = createResultBackend(memoryStore());
    const hostile = {
      get secret(): never {
        throw new Error('not for you');
      },
    };
    const [bad, good] = await Promise.allSettled([backend.succeed('bad', hostile), backend.succeed('good', 1)]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'RB_ENCODE', taskId: 'bad' } });
    expect(good).toMatchObject({ status: 'fulfilled' });
  });

  it('shares the failure of the whole call', async () => {
    const store: ResultStore = { ...memoryStore(), get: () => Promise.reject(unavailable()) };
    await using backend = createResultBackend(store, { retry: false });
    const settled = await Promise.allSettled([backend.get('a'), backend.get('b')]);
    expect(settled.map((end) => end.status === 'rejected' && end.reason.code)).toEqual([
      'RB_UNAVAILABLE',
      'RB_UNAVAILABLE',
    ]);
  });
});

describe('an abort', () => {
  it('before the call rejects with the reason as cause, and sends nothing', async () => {
    const { store, calls } = counted(memoryStore());
    await using backend = createResultBackend(store);
    const signal = AbortSignal.abort('enough');
    const group = backend.group('g', ['a']);
    const aborted = [
      () => backend.succeed('a', 1, { signal }),
      () => backend.get('a', { signal }),
      () => backend.getMany(['a'], { signal }),
      () => backend.forget('a', { signal }),
      () => backend.wait('a', { signal }),
      () => backend.wait('a', { signal, timeoutMs: 0 }),
      () => backend.result('a', { signal }),
      () => backend.watch('a', { signal }).next(),
      () => backend.cleanup({ signal }),
      () => backend.stats({ signal }),
      () => backend.ping({ signal }),
      () => group.save(['a'], { signal }),
      () => group.load({ signal }),
      () => group.join({ signal }),
      () => group.joinSettled({ signal }),
      () => group.asCompleted({ signal }).next(),
      () => group.report(recordOf('a'), { signal }),
      () => group.forget({ signal }),
    ];
    for (const call of aborted) {
      await expect(call(), `${call}`).rejects.toMatchObject({
        code: 'RB_ABORTED',
        name: 'AbortError',
        cause: 'enough',
      });
    }
    expect(calls).toEqual({ put: [], get: [], delete: [] });
  });

  it('while the call queues takes it out of the batch', async () => {
    const { store, calls } = counted(memoryStore());
    await using backend = createResultBackend(store);
    const controller = new AbortController();
    const aborted = backend.succeed('a', 1, { signal: controller.signal });
    const neighbour = backend.succeed('b', 2);
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'RB_ABORTED' });
    await neighbour;
    expect(calls.put).toEqual([['b']]);
  });

  it('of every queued call sends nothing at all', async () => {
    const { store, calls } = counted(memoryStore());
    await using backend = createResultBackend(store);
    const controller = new AbortController();
    const aborted = backend.get('a', { signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'RB_ABORTED' });
    await settle();
    expect(calls.get).toEqual([]);
  });

  it('while a split batch waits for its turn takes the call out of it', async () => {
    const { store, gate } = braked();
    const { store: outer, calls } = counted(store);
    await using backend = createResultBackend(outer, { maxBatchItems: 1 });
    const controller = new AbortController();
    gate.shut();
    const puts = Promise.allSettled([backend.succeed('a', 1), backend.succeed('b', 2, { signal: controller.signal })]);
    await settle();
    controller.abort();
    gate.open();
    expect((await puts).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(calls.put).toEqual([['a']]);
  });

  it('in flight rejects at once, leaves the neighbours alone and does not abort the call of the store', async () => {
    const { store, gate, signals } = braked();
    await using backend = createResultBackend(store);
    gate.shut();
    const controller = new AbortController();
    const aborted = backend.get('a', { signal: controller.signal });
    const neighbour = backend.get('b');
    await settle();
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'RB_ABORTED' });
    expect(signals).toEqual([undefined]);
    gate.open();
    expect(await neighbour).toMatchObject({ taskId: 'b' });
  });

  it('of all calls of a batch aborts the call of the store', async () => {
    const { store, gate, signals } = braked();
    await using backend = createResultBackend(store);
    gate.shut();
    const [first, second] = [new AbortController(), new AbortController()];
    const calls = [
      backend.get('a', { signal: first.signal }),
      backend.get('b', { signal: second.signal }),
      backend.get('c', { signal: second.signal }),
    ];
    const settled = Promise.allSettled(calls);
    await settle();
    first.abort();
    expect(signals[0]?.aborted).toBe(false);
    second.abort('both');
    expect(signals[0]?.aborted).toBe(true);
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
    gate.open();
  });
});
