import { describe, expect, it } from 'vitest';
import {
  createResultBackend,
  type GetOutcome,
  isTaskFailedError,
  memoryStore,
  type ResultBackend,
  ResultError,
  ResultNode,
  type ResultStore,
} from '../src/index.js';
import {
  collect,
  counted,
  errorOf,
  failing,
  recordOf,
  settle,
  unavailable,
  unknownOutcome,
  watched,
} from './stores.js';

const nested = new ResultNode('inner', null, [new ResultNode('b'), new ResultNode('c')]);

const succeedAll = (backend: ResultBackend, ids: readonly string[]): Promise<unknown> =>
  Promise.all(ids.map((id) => backend.succeed(id, `value of ${id}`)));

describe('a group', () => {
  it('is loaded as it was saved, members in order, groups inside included', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.group('g').save(['z', nested, 'a'], { parent: new ResultNode('p') });
    expect((await backend.group('g').load())?.map(({ id }) => id)).toEqual(['z', 'inner', 'a']);
    expect((await backend.group('g').load())?.[1]?.members?.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(await backend.group('unknown').load()).toBeUndefined();
  });

  it('hands its parent to the store', async () => {
    const inner = memoryStore();
    await using backend = createResultBackend(inner);
    await backend.group('g').save(['a'], { parent: new ResultNode('p') });
    expect(await inner.groups?.load('g')).toMatchObject({ groupId: 'g', parent: { id: 'p' } });
    await backend.group('h').save(['a']);
    expect(await inner.groups?.load('h')).toMatchObject({ parent: null });
  });

  it('expires by the rule of the backend, or by its own', async () => {
    const now = (): number => 1_000;
    const inner = memoryStore({ now });
    await using backend = createResultBackend(inner, { now, expiresIn: { SUCCESS: 5, default: 7 } });
    await backend.group('g').save(['a']);
    await backend.group('h').save(['a'], { expiresIn: 9 });
    await backend.group('i').save(['a'], { expiresIn: null });
    await backend
      .group('j')
      .save(['a'], { expiresIn: ({ state, taskId }) => (state === 'GROUP' && taskId === 'j' ? 11 : 1) });
    const deadlines = await Promise.all(['g', 'h', 'i', 'j'].map((id) => inner.groups?.load(id)));
    expect(deadlines.map((group) => group?.expiresAt)).toEqual([1_007, 1_009, null, 1_011]);
  });

  it('keeps the members that it was given, also where the store does not know it', async () => {
    await using backend = createResultBackend(memoryStore());
    const group = backend.group('g', ['a']);
    expect(await group.load()).toBeUndefined();
    await succeedAll(backend, ['a']);
    expect(await group.join()).toEqual(['value of a']);
  });

  it('is loaded once, and then joined from memory', async () => {
    const { store } = counted(memoryStore());
    let loads = 0;
    const { groups } = store;
    if (!groups) throw new Error('the memory store has groups');
    const load: typeof groups.load = (id, options) => {
      loads += 1;
      return groups.load(id, options);
    };
    await using backend = createResultBackend({ ...store, groups: { ...groups, load } });
    await backend.group('g').save(['a']);
    await succeedAll(backend, ['a']);
    const group = backend.group('g');
    await group.join();
    await group.join();
    expect(loads).toBe(1);
  });

  it('that is unknown cannot be joined, and the error says what to do', async () => {
    await using backend = createResultBackend(memoryStore());
    const error = await errorOf(backend.group('g').join());
    expect(error).toMatchObject({ code: 'RB_NOT_FOUND', message: expect.stringContaining('save it first') });
  });
});

describe('join', () => {
  it('returns values in member order whatever the order of completion, groups inside as arrays', async () => {
    await using backend = createResultBackend(memoryStore());
    const joined = backend.group('g', ['a', nested, 'd']).join();
    for (const id of ['d', 'c', 'a', 'b']) {
      await settle();
      await backend.succeed(id, id);
    }
    expect(await joined).toEqual(['a', ['b', 'c'], 'd']);
  });

  it('of no members is empty', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.group('g').save([]);
    expect(await backend.group('g').join()).toEqual([]);
    expect(await collect(backend.group('g').asCompleted())).toEqual([]);
  });

  it('takes the same task twice', async () => {
    await using backend = createResultBackend(memoryStore());
    await succeedAll(backend, ['a']);
    expect(await backend.group('g', ['a', 'a']).join()).toEqual(['value of a', 'value of a']);
  });

  it('rejects as soon as one member failed, and leaves no wait behind', async () => {
    const { store, ids } = watched(memoryStore());
    await using backend = createResultBackend(store);
    const joined = errorOf(backend.group('g', ['a', nested, 'd']).join());
    await settle();
    expect([...ids].sort()).toEqual(['a', 'b', 'c', 'd']);
    await backend.fail('c', 'c is broken');
    const error = await joined;
    expect(isTaskFailedError(error)).toBe(true);
    expect(error).toMatchObject({ taskId: 'c', state: 'FAILURE' });
    await settle();
    expect([...ids]).toEqual([]);
  });

  it('rejects with RB_TIMEOUT or RB_ABORTED as wait does', async () => {
    await using backend = createResultBackend(memoryStore());
    await succeedAll(backend, ['a']);
    const group = backend.group('g', ['a', 'never']);
    const controller = new AbortController();
    const aborted = errorOf(group.join({ signal: controller.signal }));
    expect(await errorOf(group.join({ timeoutMs: 5 }))).toMatchObject({ code: 'RB_TIMEOUT', taskId: 'never' });
    expect(await errorOf(group.join({ timeoutMs: 0 }))).toMatchObject({ code: 'RB_TIMEOUT' });
    controller.abort('enough');
    expect(await aborted).toMatchObject({ code: 'RB_ABORTED', cause: 'enough' });
  });

  it('notices an abort while the members are being loaded', async () => {
    const inner = memoryStore();
    const { groups } = inner;
    if (!groups) throw new Error('the memory store has groups');
    const controller = new AbortController();
    const load: typeof groups.load = async (id) => {
      const group = await groups.load(id);
      controller.abort();
      return group;
    };
    await using backend = createResultBackend({ ...inner, groups: { ...groups, load } });
    await backend.group('g').save(['a']);
    expect(await errorOf(backend.group('g').join({ signal: controller.signal }))).toMatchObject({ code: 'RB_ABORTED' });
  });
});

describe('joinSettled', () => {
  it('waits for all, whatever their state, in member order', async () => {
    await using backend = createResultBackend(memoryStore());
    const joined = backend.group('g', ['a', nested, 'd']).joinSettled();
    await backend.revoke('d');
    await backend.fail('b', 'b is broken');
    await succeedAll(backend, ['c', 'a']);
    expect(await joined).toMatchObject([
      { status: 'fulfilled', value: 'value of a' },
      [
        { status: 'rejected', reason: { taskId: 'b', state: 'FAILURE' } },
        { status: 'fulfilled', value: 'value of c' },
      ],
      { status: 'rejected', reason: { taskId: 'd', state: 'REVOKED' } },
    ]);
  });

  it('settles a member that cannot be read, and rejects for what concerns all', async () => {
    const inner = memoryStore();
    const refused = new ResultError('RB_DECODE', 'task bad cannot be read', { taskId: 'bad' });
    const get: ResultStore['get'] = async (ids) =>
      (await inner.get(ids)).map((outcome, i): GetOutcome => (ids[i] === 'bad' ? { taskId: 'bad', refused } : outcome));
    await using backend = createResultBackend({ ...inner, get });
    await succeedAll(backend, ['good']);
    expect(await backend.group('g', ['bad', 'good']).joinSettled()).toMatchObject([
      { status: 'rejected', reason: refused },
      { status: 'fulfilled' },
    ]);
    const group = backend.group('h', ['good', 'never']);
    expect(await errorOf(group.joinSettled({ timeoutMs: 5 }))).toMatchObject({ code: 'RB_TIMEOUT' });
  });
});

describe('asCompleted', () => {
  it('yields ready records in the order in which they become ready', async () => {
    await using backend = createResultBackend(memoryStore());
    const seen: string[] = [];
    const order = ['c', 'a', 'd', 'b'];
    await backend.succeed('first', 1);
    for await (const { taskId, ready } of backend.group('g', ['a', nested, 'd', 'first']).asCompleted()) {
      seen.push(taskId);
      expect(ready).toBe(true);
      const next = order.shift();
      if (next) await (next === 'b' ? backend.fail(next, 'x') : backend.succeed(next, 1));
      if (seen.length === 1) expect(taskId).toBe('first');
    }
    expect(seen).toEqual(['first', 'c', 'a', 'd', 'b']);
  });

  it('ends with the error of a wait, after what was ready', async () => {
    await using backend = createResultBackend(memoryStore());
    await succeedAll(backend, ['a']);
    const records = backend.group('g', ['a', 'never']).asCompleted({ timeoutMs: 20 });
    expect((await records.next()).value).toMatchObject({ taskId: 'a' });
    expect(await errorOf(records.next())).toMatchObject({ code: 'RB_TIMEOUT' });
  });

  it('leaves no wait behind when the loop is left early', async () => {
    await using backend = createResultBackend({ ...memoryStore(), notify: undefined }, { pollMs: 1 });
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await succeedAll(backend, ['a']);
    for await (const { taskId } of backend.group('g', ['a', 'never']).asCompleted()) {
      expect(taskId).toBe('a');
      break;
    }
    await settle();
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('report', () => {
  it('counts each ready member once, and says last to exactly one of many concurrent reports', async () => {
    await using backend = createResultBackend(memoryStore());
    const ids = Array.from({ length: 50 }, (_, i) => `t${i}`);
    await backend.group('g').save(ids);
    await succeedAll(backend, ids);
    const reports = await Promise.all([...ids, ...ids, ...ids].map((id) => backend.group('g').report(id)));
    expect(reports.filter(({ last }) => last)).toEqual([{ reported: 50, last: true }]);
    const first = reports.slice(0, 50).map(({ reported }) => reported);
    expect(first.sort((a, b) => a - b)).toEqual(ids.map((_, i) => i + 1));
  });

  it('takes a record or the id of a stored one, and refuses one that is not ready', async () => {
    await using backend = createResultBackend(memoryStore());
    await backend.group('g').save(['a', 'b']);
    await backend.start('a');
    const error = await errorOf(backend.group('g').report('a'));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('expected a ready task to report, got a in STARTED');
    await expect(backend.group('g').report('nobody')).rejects.toThrow('got nobody in PENDING');
    await backend.fail('a', 'x');
    expect(await backend.group('g').report('a')).toEqual({ reported: 1, last: false });
    expect(await backend.group('g').report(recordOf('b'))).toEqual({ reported: 2, last: true });
  });

  it('is repeated where nothing was sent, and not where it may have been counted', async () => {
    const inner = memoryStore();
    const { groups } = inner;
    if (!groups) throw new Error('the memory store has groups');
    const errors = [unavailable(), unknownOutcome()];
    const report: typeof groups.report = async (id, record) => {
      const error = errors.shift();
      if (error?.code === 'RB_UNAVAILABLE') throw error;
      const outcome = await groups.report(id, record);
      if (error) throw error;
      return outcome;
    };
    await using backend = createResultBackend({ ...inner, groups: { ...groups, report } }, { retry: { baseMs: 1 } });
    await backend.group('g').save(['a']);
    // Repeated, it would say { reported: 1, last: false }, and nobody would ever be the last.
    expect(await errorOf(backend.group('g').report(recordOf('a')))).toMatchObject({ code: 'RB_OUTCOME_UNKNOWN' });
    expect(await backend.group('g').report(recordOf('a'))).toEqual({ reported: 1, last: false });
  });
});

describe('forgetting a group', () => {
  it('deletes it and the records of its tasks, groups inside included', async () => {
    await using backend = createResultBackend(memoryStore());
    const group = backend.group('g');
    await group.save(['a', nested]);
    await succeedAll(backend, ['a', 'b', 'c', 'other']);
    await group.forget();
    expect((await backend.getMany(['a', 'b', 'c', 'other'])).map(({ known }) => known)).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(await group.load()).toBeUndefined();
    expect(await errorOf(group.join())).toMatchObject({ code: 'RB_NOT_FOUND' });
    await group.forget();
  });
});

describe('a store without groups', () => {
  const without = (): ResultStore => ({ ...memoryStore(), groups: undefined });

  it('says so, and what to do instead', async () => {
    await using backend = createResultBackend(without());
    const group = backend.group('g');
    for (const call of [() => group.save(['a']), () => group.load(), () => group.join(), () => group.report('a')]) {
      const error = await errorOf(call());
      expect(error).toMatchObject({
        code: 'RB_UNSUPPORTED',
        message: expect.stringContaining('backend.group(id, members)'),
      });
    }
  });

  it('joins, streams and forgets members that are passed in', async () => {
    await using backend = createResultBackend(without());
    const group = backend.group('g', ['a', nested]);
    await succeedAll(backend, ['a', 'b', 'c']);
    expect(await group.join()).toEqual(['value of a', ['value of b', 'value of c']]);
    expect(await collect(group.asCompleted())).toHaveLength(3);
    await group.forget();
    expect((await backend.getMany(['a', 'b', 'c'])).every(({ known }) => !known)).toBe(true);
    expect(await errorOf(group.join({ timeoutMs: 0 }))).toMatchObject({ code: 'RB_TIMEOUT' });
  });

  it('is retried like any other store', async () => {
    await using backend = createResultBackend(failing(without(), 'delete', [unavailable()]), { retry: { baseMs: 1 } });
    await succeedAll(backend, ['a']);
    await backend.group('g', ['a']).forget();
    expect(await backend.get('a')).toMatchObject({ known: false });
  });
});
