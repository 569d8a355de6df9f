import { describe, expect, it, vi } from 'vitest';
import {
  createResultBackend,
  type GetOutcome,
  memoryStore,
  ResultError,
  type ResultStore,
  type WatchHandler,
} from '../src/index.js';
import {
  breakable,
  counted,
  denied,
  errorOf,
  failing,
  Gate,
  recordOf,
  resubscribed,
  settle,
  unavailable,
} from './stores.js';

/** The memory store's own notify, with a brake before and after a subscription becomes live, and around each read. */
function staged(): { readonly store: ResultStore; readonly inner: ResultStore; readonly gates: Record<Stage, Gate> } {
  const inner = memoryStore();
  const gates = {
    'before add': new Gate(),
    'after add': new Gate(),
    'before get': new Gate(),
    'after get': new Gate(),
  };
  const braked: ResultStore = {
    ...inner,
    async get(ids) {
      await gates['before get'].pass();
      const outcomes = await inner.get(ids);
      await gates['after get'].pass();
      return outcomes;
    },
  };
  const store = resubscribed(braked, (subscribe) => {
    const subscription = subscribe();
    return {
      ...subscription,
      async add(ids) {
        await gates['before add'].pass();
        await subscription.add(ids);
        await gates['after add'].pass();
      },
    };
  });
  return { store, inner, gates };
}

type Stage = 'before add' | 'after add' | 'before get' | 'after get';
const STAGES: readonly Stage[] = ['before add', 'after add', 'before get', 'after get'];

/** So long that no test would end by it. */
const NEVER = { safetyPollMs: 1e6, pollMs: 1e6 };

describe('a result that lands while a wait begins', () => {
  it.each(STAGES)('is not missed: %s', async (stage) => {
    const { store, inner, gates } = staged();
    await using backend = createResultBackend(store, NEVER);
    gates[stage].shut();
    const wait = backend.wait('a');
    await expect.poll(() => gates[stage].waiting).toBe(1);
    await inner.put([recordOf('a', { result: stage })]);
    gates[stage].open();
    expect((await wait).result).toBe(stage);
  });

  it.each(STAGES)('is not missed by a second wait for the same task: %s', async (stage) => {
    const { store, inner, gates } = staged();
    await using backend = createResultBackend(store, NEVER);
    gates[stage].shut();
    const first = backend.wait('a');
    await expect.poll(() => gates[stage].waiting).toBe(1);
    const second = backend.wait('a');
    await settle();
    await inner.put([recordOf('a', { result: stage })]);
    gates[stage].open();
    expect((await Promise.all([first, second])).map(({ result }) => result)).toEqual([stage, stage]);
  });

  it.each(STAGES)('is not missed by a wait that follows an aborted one: %s', async (stage) => {
    const { store, inner, gates } = staged();
    await using backend = createResultBackend(store, NEVER);
    gates[stage].shut();
    const controller = new AbortController();
    const aborted = errorOf(backend.wait('a', { signal: controller.signal }));
    await expect.poll(() => gates[stage].waiting).toBe(1);
    controller.abort();
    await aborted;
    const wait = backend.wait('a');
    await settle();
    await inner.put([recordOf('a', { result: stage })]);
    gates[stage].open();
    expect((await wait).result).toBe(stage);
  });
});

describe('push', () => {
  it('costs one subscription and one add for all waits of a tick, and no poll', async () => {
    const { store, calls } = counted(memoryStore());
    const adds: number[] = [];
    let subscriptions = 0;
    const counting = resubscribed(store, (subscribe) => {
      subscriptions += 1;
      const inner = subscribe();
      return {
        ...inner,
        add(ids) {
          adds.push(ids.length);
          return inner.add(ids);
        },
      };
    });
    await using backend = createResultBackend(counting, { pollMs: 1 });
    const ids = Array.from({ length: 300 }, (_, i) => `t${i}`);
    const waits = ids.map((id) => backend.wait(id));
    await settle();
    const more = backend.wait('more');
    await settle();
    await Promise.all([...ids, 'more'].map((id) => backend.succeed(id, 1)));
    await Promise.all([...waits, more]);
    expect({ subscriptions, adds, reads: calls.get.map((batch) => batch.length) }).toEqual({
      subscriptions: 1,
      adds: [300, 1],
      reads: [300, 1],
    });
  });

  it('that was lost is made up for by a read when the subscription says that there was a gap', async () => {
    const broken = breakable(memoryStore());
    await using backend = createResultBackend(broken.store, NEVER);
    const wait = backend.wait('a');
    await settle();
    broken.lost = true;
    await backend.succeed('a', 1);
    await settle();
    broken.gap();
    expect((await wait).result).toBe(1);
  });

  it('that was lost without notice is made up for by the safety poll', async () => {
    const broken = breakable(memoryStore());
    await using backend = createResultBackend(broken.store, { safetyPollMs: 10, pollMs: 1e6 });
    const waits = [backend.wait('a'), backend.wait('b')];
    await settle();
    broken.lost = true;
    await backend.succeed('a', 1);
    await backend.succeed('b', 2);
    expect((await Promise.all(waits)).map(({ result }) => result)).toEqual([1, 2]);
  });

  it('of a record that cannot be read ends the waits for it, and no others', async () => {
    const handlers: WatchHandler[] = [];
    const store = resubscribed(memoryStore(), (subscribe, handler) => {
      handlers.push(handler);
      return subscribe();
    });
    await using backend = createResultBackend(store);
    const [bad, good] = [errorOf(backend.wait('bad')), backend.wait('good')];
    await settle();
    const refused = new ResultError('RB_DECODE', 'task bad cannot be read', { taskId: 'bad' });
    handlers[0]?.record({ taskId: 'bad', refused });
    expect(await bad).toBe(refused);
    await backend.succeed('good', 1);
    expect((await good).result).toBe(1);
  });

  it('that cannot be had is reported, and replaced by polling until it can', async () => {
    const failures = [unavailable(), new Error('some driver'), unavailable()];
    const live: string[] = [];
    const store = resubscribed(memoryStore(), (subscribe) => {
      const subscription = subscribe();
      const add = async (ids: readonly string[]): Promise<void> => {
        const failure = failures.shift();
        if (failure) throw failure;
        live.push(...ids);
        return subscription.add(ids);
      };
      return { ...subscription, add };
    });
    const errors: ResultError[] = [];
    const onBackgroundError = (error: ResultError): number => errors.push(error);
    const options = { pollMs: 2, safetyPollMs: 1e6, onBackgroundError };
    await using backend = createResultBackend(store, options);
    const [polled, pushed] = [backend.wait('polled'), backend.wait('pushed')];
    await settle();
    await backend.succeed('polled', 1);
    expect((await polled).result).toBe(1);
    await expect.poll(() => live).toContain('pushed');
    expect(errors.map(({ code }) => code)).toEqual(['RB_UNAVAILABLE', 'RB_STORE', 'RB_UNAVAILABLE']);
    await backend.succeed('pushed', 2);
    expect((await pushed).result).toBe(2);
  });

  it('that cannot be had for a later wait makes that one poll, though an earlier one is told', async () => {
    const store = resubscribed(memoryStore(), (subscribe) => {
      const subscription = subscribe();
      const add: typeof subscription.add = (ids) =>
        ids.includes('late') ? Promise.reject(unavailable()) : subscription.add(ids);
      return { ...subscription, add };
    });
    await using backend = createResultBackend(store, { pollMs: 2, safetyPollMs: 1e6 });
    const early = errorOf(backend.wait('early', { timeoutMs: 5_000 }));
    await settle();
    const late = backend.wait('late');
    await settle();
    await backend.succeed('late', 1);
    expect((await late).result).toBe(1);
    await backend.close();
    await early;
  });
});

describe('a read that fails', () => {
  it('for a passing reason is reported and repeated soon, whatever the safety poll', async () => {
    const errors: ResultError[] = [];
    const inner = memoryStore();
    await inner.put([recordOf('a', { result: 1 })]);
    const store = failing(inner, 'get', [unavailable(), unavailable(), unavailable()]);
    const onBackgroundError = (error: ResultError): number => errors.push(error);
    await using backend = createResultBackend(store, { pollMs: 1, safetyPollMs: 1e6, onBackgroundError });
    expect((await backend.wait('a')).result).toBe(1);
    expect(errors.map(({ code }) => code)).toEqual(['RB_UNAVAILABLE', 'RB_UNAVAILABLE', 'RB_UNAVAILABLE']);
  });

  it('after a gap is repeated soon too', async () => {
    const broken = breakable(memoryStore());
    let fail = false;
    const get: ResultStore['get'] = (ids) => {
      if (!fail) return broken.store.get(ids);
      fail = false;
      return Promise.reject(unavailable());
    };
    await using backend = createResultBackend({ ...broken.store, get }, { pollMs: 1, safetyPollMs: 1e6 });
    const wait = backend.wait('a');
    await settle();
    broken.lost = true;
    await backend.succeed('a', 1);
    fail = true;
    broken.gap();
    expect((await wait).result).toBe(1);
  });

  it('is repeated although onBackgroundError throws', async () => {
    const inner = { ...memoryStore(), notify: undefined };
    await inner.put([recordOf('a', { result: 1 })]);
    const onBackgroundError = (): never => {
      throw new Error('the reporter is broken too');
    };
    const store = failing(inner, 'get', [unavailable(), unavailable()]);
    await using backend = createResultBackend(store, { pollMs: 1, onBackgroundError });
    expect((await backend.wait('a')).result).toBe(1);
  });

  it('for good ends every wait with that error, and is not reported a second time', async () => {
    const onBackgroundError = vi.fn();
    const store: ResultStore = { ...memoryStore(), get: () => Promise.reject(denied()) };
    await using backend = createResultBackend(store, { onBackgroundError });
    const errors = await Promise.all(['a', 'b'].map((id) => errorOf(backend.wait(id))));
    expect(errors.map(({ code }) => code)).toEqual(['RB_DENIED', 'RB_DENIED']);
    expect(onBackgroundError).not.toHaveBeenCalled();
  });

  it('because of one record ends the waits for that one alone', async () => {
    const inner = { ...memoryStore(), notify: undefined };
    const refused = new ResultError('RB_DECODE', 'task bad cannot be read', { taskId: 'bad' });
    const get: ResultStore['get'] = async (ids) =>
      (await inner.get(ids)).map((outcome, i): GetOutcome => (ids[i] === 'bad' ? { taskId: 'bad', refused } : outcome));
    await using backend = createResultBackend({ ...inner, get }, { pollMs: 2 });
    const [bad, good] = [errorOf(backend.wait('bad')), backend.wait('good')];
    expect(await bad).toBe(refused);
    await backend.succeed('good', 1);
    expect((await good).result).toBe(1);
  });
});

describe('without push', () => {
  it('one read per poll covers all ids, and polls stay pollMs apart', async () => {
    const reads: { readonly at: number; readonly ids: number }[] = [];
    const inner = { ...memoryStore(), notify: undefined };
    const get: ResultStore['get'] = (ids) => {
      reads.push({ at: performance.now(), ids: ids.length });
      return inner.get(ids);
    };
    await using backend = createResultBackend({ ...inner, get }, { pollMs: 20 });
    const waits = Array.from({ length: 200 }, (_, i) => backend.wait(`t${i}`));
    await expect.poll(() => reads.length).toBeGreaterThan(4);
    expect(new Set(reads.map(({ ids }) => ids))).toEqual(new Set([200]));
    const pauses = reads.slice(1).map(({ at }, i) => at - (reads[i]?.at ?? at));
    // Timers count in whole milliseconds.
    for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(19);
    await Promise.all(waits.map((_, i) => backend.succeed(`t${i}`, i)));
    expect((await Promise.all(waits)).map(({ result }) => result)).toEqual(waits.map((_, i) => i));
  });

  it('reads are split by maxBatchItems, and end with the last wait', async () => {
    const { store, calls } = counted({ ...memoryStore(), notify: undefined });
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await using backend = createResultBackend(store, { maxBatchItems: 40, pollMs: 1 });
    const controller = new AbortController();
    const waits = Array.from({ length: 100 }, (_, i) => errorOf(backend.wait(`t${i}`, { signal: controller.signal })));
    await settle();
    expect(calls.get.slice(0, 3).map((batch) => batch.length)).toEqual([40, 40, 20]);
    controller.abort();
    await Promise.all(waits);
    await settle();
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
