import { describe, expect, it } from 'vitest';
import {
  type BackendRecord,
  createResultBackend,
  memoryStore,
  type ResultBackend,
  ResultError,
  type ResultStore,
} from '../src/index.js';
import { breakable, collect, errorOf, Gate, settle } from './stores.js';

const KINDS: readonly [string, () => ResultBackend][] = [
  ['with push', () => createResultBackend(memoryStore())],
  ['by polling', () => createResultBackend({ ...memoryStore(), notify: undefined }, { pollMs: 2 })],
  ['with both', () => createResultBackend(memoryStore(), { safetyPollMs: 1 })],
];

const stateOf = ({ state }: BackendRecord): string => state;

describe.each(KINDS)('watch %s', (_name, create) => {
  it('yields PENDING first where nothing is stored, then every change that is seen, until the task is ready', async () => {
    await using backend = create();
    const seen: unknown[] = [];
    const steps = ['PENDING', 'STARTED', 1, 2, 'SUCCESS'];
    const writes = [
      () => backend.start('a'),
      () => backend.progress('a', 1),
      () => backend.progress('a', 2),
      () => backend.succeed('a', 'done'),
    ];
    for await (const { state, result, known } of backend.watch('a')) {
      seen.push(state === 'PROGRESS' ? result : state);
      expect(known).toBe(state !== 'PENDING');
      await writes.shift()?.();
    }
    expect(seen).toEqual(steps);
  });

  it('yields a ready record alone, where the task is finished already', async () => {
    await using backend = create();
    await backend.fail('a', 'x');
    expect((await collect(backend.watch('a'))).map(stateOf)).toEqual(['FAILURE']);
  });

  it('yields no step twice', async () => {
    await using backend = create();
    await backend.progress('a', { done: [1, new Date(0)] });
    const seen: BackendRecord[] = [];
    const done = (async () => {
      for await (const step of backend.watch('a')) seen.push(step);
    })();
    await expect.poll(() => seen).toHaveLength(1);
    await backend.progress('a', { done: [1, new Date(0)] });
    // Long enough for several polls.
    await errorOf(backend.wait('other', { timeoutMs: 10 }));
    expect(seen).toHaveLength(1);
    await backend.succeed('a', 1);
    await done;
    expect(seen.map(stateOf)).toEqual(['PROGRESS', 'SUCCESS']);
  });

  it('yields a change of metadata alone', async () => {
    await using backend = create();
    await backend.retry('a', null, { meta: { retries: 1 } });
    const retries: unknown[] = [];
    for await (const { state, meta } of backend.watch('a')) {
      retries.push(meta.retries);
      if (meta.retries === 1) await backend.retry('a', null, { meta: { retries: 2 } });
      else if (state === 'RETRY') await backend.succeed('a', 1);
    }
    expect(retries).toEqual([1, 2, undefined]);
  });

  it('leaves nothing behind when the loop is left early', async () => {
    await using backend = create();
    const { signal } = new AbortController();
    for await (const step of backend.watch('a', { signal, timeoutMs: 1e6 })) {
      expect(step.state).toBe('PENDING');
      break;
    }
    await settle();
    const timeouts = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    const watch = backend.watch('a');
    await watch.next();
    await watch.return();
    await settle();
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(
      timeouts.length,
    );
  });

  it('rejects with RB_ABORTED when its signal aborts', async () => {
    await using backend = create();
    const controller = new AbortController();
    const watch = backend.watch('a', { signal: controller.signal });
    expect((await watch.next()).value).toMatchObject({ state: 'PENDING' });
    const next = errorOf(watch.next());
    controller.abort();
    expect(await next).toMatchObject({ code: 'RB_ABORTED' });
    expect(await watch.next()).toEqual({ done: true, value: undefined });
  });

  it('rejects with RB_TIMEOUT at its deadline', async () => {
    await using backend = create();
    await backend.start('a');
    const watch = backend.watch('a', { timeoutMs: 20 });
    expect((await watch.next()).value).toMatchObject({ state: 'STARTED' });
    expect(await errorOf(watch.next())).toMatchObject({
      code: 'RB_TIMEOUT',
      message: expect.stringContaining('STARTED'),
    });
  });

  it('reads once where timeoutMs is 0', async () => {
    await using backend = create();
    const watch = backend.watch('a', { timeoutMs: 0 });
    expect((await watch.next()).value).toMatchObject({ state: 'PENDING' });
    expect(await errorOf(watch.next())).toMatchObject({ code: 'RB_TIMEOUT' });
    await backend.succeed('a', 1);
    expect((await collect(backend.watch('a', { timeoutMs: 0 }))).map(stateOf)).toEqual(['SUCCESS']);
  });

  it('rejects with RB_CLOSED when the backend is closed', async () => {
    const backend = create();
    const watch = backend.watch('a');
    await watch.next();
    const next = errorOf(watch.next());
    await backend.close();
    expect(await next).toMatchObject({ code: 'RB_CLOSED' });
  });
});

describe('the steps of a watch', () => {
  it('that a slow consumer has not seen yet are not yielded after an abort', async () => {
    await using backend = createResultBackend(memoryStore());
    const controller = new AbortController();
    const watch = backend.watch('a', { signal: controller.signal });
    await watch.next();
    for (const step of [1, 2, 3]) await backend.progress('a', step);
    await settle();
    controller.abort();
    expect(await errorOf(watch.next())).toMatchObject({ code: 'RB_ABORTED' });
  });

  it('are bounded for a consumer that lags: the newest and the last are kept', async () => {
    await using backend = createResultBackend(memoryStore());
    const watch = backend.watch('a');
    await watch.next();
    for (let i = 0; i < 1_000; i += 1) await backend.progress('a', i);
    await backend.succeed('a', 'done');
    await settle();
    const steps = await collect(watch);
    expect(steps.length).toBeLessThanOrEqual(256);
    expect(steps.slice(-3).map(({ result }) => result)).toEqual([998, 999, 'done']);
  });

  it('do not turn back where a read is overtaken by a push', async () => {
    const inner = memoryStore();
    const gate = new Gate();
    const get: ResultStore['get'] = async (ids) => {
      const outcomes = await inner.get(ids);
      await gate.pass();
      return outcomes;
    };
    const broken = breakable({ ...inner, get });
    await using backend = createResultBackend(broken.store, { safetyPollMs: 1e6 });
    await backend.progress('a', 1);
    const seen: unknown[] = [];
    const done = (async () => {
      for await (const { result } of backend.watch('a')) seen.push(result);
    })();
    await expect.poll(() => seen).toEqual([1]);
    gate.shut();
    broken.gap();
    await expect.poll(() => gate.waiting).toBe(1);
    await backend.progress('a', 2);
    await expect.poll(() => seen).toEqual([1, 2]);
    gate.open();
    await settle();
    await backend.succeed('a', 3);
    await done;
    expect(seen).toEqual([1, 2, 3]);
  });

  it('end with RB_DECODE where a record cannot be read', async () => {
    const refused = new ResultError('RB_DECODE', 'task a cannot be read', { taskId: 'a' });
    await using backend = createResultBackend({ ...memoryStore(), get: async () => [{ taskId: 'a', refused }] });
    await expect(backend.watch('a').next()).rejects.toBe(refused);
    await expect(backend.watch('a', { timeoutMs: 0 }).next()).rejects.toBe(refused);
  });
});
