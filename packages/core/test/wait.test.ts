import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createResultBackend, memoryStore, type ResultBackend, ResultError, type ResultStore } from '../src/index.js';
import { counted, errorOf, Gate, recordOf, settle, watched } from './stores.js';

const silent = (): ResultStore => ({ ...memoryStore(), notify: undefined });

/** Both ways of waiting: told by the store, and by reading. */
const KINDS: readonly [string, () => ResultBackend][] = [
  ['with push', () => createResultBackend(memoryStore())],
  ['by polling', () => createResultBackend(silent(), { pollMs: 5 })],
];

describe.each(KINDS)('wait %s', (_name, create) => {
  it('resolves at once for a record that is ready already', async () => {
    await using backend = create();
    await backend.succeed('a', 1);
    expect(await backend.wait('a')).toMatchObject({ state: 'SUCCESS', result: 1, known: true, ready: true });
  });

  it.each(['SUCCESS', 'FAILURE', 'REVOKED'])('resolves on %s', async (state) => {
    await using backend = create();
    const wait = backend.wait('a');
    await settle();
    await backend.store('a', state);
    expect(await wait).toMatchObject({ taskId: 'a', state });
  });

  it('does not resolve on a state that is not ready', async () => {
    await using backend = create();
    let resolved = false;
    const wait = backend.wait('a').finally(() => {
      resolved = true;
    });
    for (const state of ['RECEIVED', 'STARTED', 'RETRY', 'PROGRESS', 'PENDING']) {
      await backend.store('a', state);
      await settle();
      expect(resolved, state).toBe(false);
    }
    await backend.succeed('a', 1);
    expect((await wait).state).toBe('SUCCESS');
  });

  it('does not resolve where the task is forgotten meanwhile, and goes on with its new history', async () => {
    await using backend = create();
    await backend.start('a');
    const wait = backend.wait('a');
    await settle();
    await backend.forget('a');
    await settle();
    await backend.succeed('a', 'new');
    expect((await wait).result).toBe('new');
  });

  it('tells every one of several waits for the same task', async () => {
    await using backend = create();
    const early = [backend.wait('a'), backend.result('a')];
    await settle();
    const late = backend.wait('a');
    await backend.succeed('a', 1);
    expect(await Promise.all([...early, late])).toMatchObject([{ result: 1 }, 1, { result: 1 }]);
  });

  it('rejects with RB_TIMEOUT, not before timeoutMs, and says what was last seen', async () => {
    await using backend = create();
    await backend.start('started');
    const begun = performance.now();
    const errors = await Promise.all([
      errorOf(backend.wait('started', { timeoutMs: 30 })),
      errorOf(backend.wait('unknown', { timeoutMs: 30 })),
    ]);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(30);
    for (const error of errors) expect(error).toMatchObject({ code: 'RB_TIMEOUT', name: 'TimeoutError' });
    expect(errors[0]).toMatchObject({ taskId: 'started', message: expect.stringContaining('STARTED') });
    expect(errors[1]?.message).toContain('nothing is stored');
  });

  it('reads once where timeoutMs is 0', async () => {
    await using backend = create();
    expect(await errorOf(backend.wait('a', { timeoutMs: 0 }))).toMatchObject({ code: 'RB_TIMEOUT' });
    await backend.start('a');
    expect(await errorOf(backend.wait('a', { timeoutMs: 0 }))).toMatchObject({ code: 'RB_TIMEOUT' });
    await backend.succeed('a', 1);
    expect(await backend.result('a', { timeoutMs: 0 })).toBe(1);
  });

  it.each([2 ** 31, 1e15, Number.POSITIVE_INFINITY])(
    'does not time out at once with a limit of %d ms',
    async (timeoutMs) => {
      await using backend = create();
      const wait = backend.wait('a', { timeoutMs });
      const shorter = errorOf(backend.wait('b', { timeoutMs: 10 }));
      expect(await shorter).toMatchObject({ code: 'RB_TIMEOUT' });
      await backend.succeed('a', 1);
      expect((await wait).result).toBe(1);
    },
  );

  it('rejects with RB_ABORTED and the reason as soon as its signal aborts, and leaves other waits alone', async () => {
    await using backend = create();
    const controller = new AbortController();
    const aborted = errorOf(backend.wait('a', { signal: controller.signal }));
    const other = backend.wait('a');
    await settle();
    controller.abort('enough');
    expect(await aborted).toMatchObject({ code: 'RB_ABORTED', name: 'AbortError', cause: 'enough' });
    await backend.succeed('a', 1);
    expect((await other).result).toBe(1);
  });

  it('leaves nothing behind on a signal that 1,000 calls share', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    await using backend = create();
    const { signal } = new AbortController();
    const ids = Array.from({ length: 1_000 }, (_, i) => `t${i}`);
    const waits = ids.map((id) => backend.wait(id, { signal, timeoutMs: 60_000 }));
    const reads = ids.map((id) => backend.get(id, { signal }));
    const joins = ids.slice(0, 100).map((id) => backend.group('g', [id]).join({ signal }));
    await settle();
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
    await Promise.all(ids.map((id) => backend.succeed(id, 1, { signal })));
    await Promise.all([...waits, ...reads, ...joins]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await settle();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('a wait at its deadline', () => {
  it('takes a result that nobody told of', async () => {
    const inner = memoryStore();
    const deaf: ResultStore = {
      ...inner,
      notify: { subscribe: () => ({ add: async () => {}, remove: () => {}, close: async () => {} }) },
    };
    await using backend = createResultBackend(deaf, { safetyPollMs: 1e6 });
    const wait = backend.wait('a', { timeoutMs: 20 });
    await settle();
    await inner.put([recordOf('a', { result: 'in time' })]);
    expect((await wait).result).toBe('in time');
  });

  it('says that the result cannot be read where that is so', async () => {
    const inner = silent();
    let reads = 0;
    const refused = new ResultError('RB_DECODE', 'task a cannot be read', { taskId: 'a' });
    const get: ResultStore['get'] = async () => {
      reads += 1;
      return [reads === 1 ? undefined : { taskId: 'a', refused }];
    };
    await using backend = createResultBackend({ ...inner, get }, { pollMs: 1e6 });
    await expect(backend.wait('a', { timeoutMs: 5 })).rejects.toBe(refused);
  });

  it('gives up though the last read never returns', async () => {
    const gate = new Gate();
    const inner = silent();
    const get: ResultStore['get'] = async (ids) => {
      await gate.pass();
      return inner.get(ids);
    };
    const backend = createResultBackend({ ...inner, get }, { pollMs: 1e6 });
    const wait = errorOf(backend.wait('a', { timeoutMs: 5 }));
    gate.shut();
    expect(await wait).toMatchObject({ code: 'RB_TIMEOUT' });
    gate.open();
    await backend.close();
  });

  it('gives up where the last read fails', async () => {
    const inner = silent();
    await using backend = createResultBackend(
      { ...inner, get: () => Promise.reject(new ResultError('RB_UNAVAILABLE', 'away')) },
      { pollMs: 1e6, retry: false },
    );
    expect(await errorOf(backend.wait('a', { timeoutMs: 5 }))).toMatchObject({ code: 'RB_TIMEOUT' });
  });
});

describe('1,000 waits that time out', () => {
  it('leave no timer, no subscription and no read behind', async () => {
    const { store: inner, ids: subscribed } = watched(memoryStore());
    const { store, calls } = counted(inner);
    await using backend = createResultBackend(store, { maxBatchItems: 1_000 });
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const ids = Array.from({ length: 1_000 }, (_, i) => `t${i}`);
    const errors = await Promise.all(ids.map((id) => errorOf(backend.wait(id, { timeoutMs: 20 }))));
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['RB_TIMEOUT']));
    await settle();
    expect(subscribed.size).toBe(0);
    expect(timers()).toBeLessThanOrEqual(before);
    // Each was read when it began and at its deadline, and not again.
    const [first, ...last] = calls.get;
    expect(first).toEqual(ids);
    expect(last.flat().sort()).toEqual([...ids].sort());
  });
});
