import { describe, expect, it, vi } from 'vitest';
import {
  type GroupRecord,
  memoryStore,
  RemoteError,
  ResultError,
  ResultNode,
  type ResultStore,
  type ScanFilter,
  type ScanOptions,
  type Serializer,
} from '../src/index.js';
import { errorOf, recordOf, settle } from './stores.js';

const ODD_IDS = [
  'a',
  'A',
  'á',
  'a ',
  ' a',
  'a:b',
  'a/b',
  'a*',
  'a%',
  'a_',
  "a'",
  '{a}',
  '🐢',
  'a'.repeat(2_000),
  '__proto__',
];

/** A store with a clock in the test's hand, and its capabilities without question marks. */
function timed(options: Parameters<typeof memoryStore>[0] = {}) {
  const clock = { now: 1_000 };
  const store = memoryStore({ now: () => clock.now, ...options });
  const { notify, expiry, groups, scan, stats } = store;
  if (!notify || !expiry?.sweep || !groups || !scan || !stats) throw new Error('the memory store has every capability');
  return { clock, store, notify, sweep: expiry.sweep, groups, scan, stats };
}

describe('put and get', () => {
  it('return what was stored, aligned with the ids, and undefined for an unknown one (STO-1, STO-2, STO-4)', async () => {
    const store = memoryStore();
    const a = recordOf('a', {
      result: { x: [1] },
      traceback: 'tb',
      meta: { name: 'add', custom: null },
      expiresAt: 9e12,
    });
    const b = recordOf('b', { state: 'STARTED', doneAt: null });
    expect(await store.put([a, b])).toEqual([{ applied: true }, { applied: true }]);
    expect(await store.get(['b', 'none', 'a', 'b'])).toEqual([b, undefined, a, b]);
  });

  it('of nothing are nothing (STO-5)', async () => {
    const store = memoryStore();
    expect([await store.put([]), await store.get([]), await store.delete([])]).toEqual([[], [], 0]);
  });

  it('share nothing with the caller, before or after (STO-6, STO-7)', async () => {
    const store = memoryStore();
    const result = { list: [1] };
    const put = store.put([recordOf('a', { result })]);
    result.list.push(2);
    await put;
    const read = async (): Promise<unknown> => ((await store.get(['a']))[0] as { result: unknown }).result;
    const first = (await read()) as typeof result;
    first.list.push(3);
    expect(await read()).toEqual({ list: [1] });
  });

  it('replace the whole record (STO-8)', async () => {
    const store = memoryStore();
    await store.put([
      recordOf('a', { state: 'STARTED', traceback: 'tb', meta: { name: 'n', worker: 'w' }, expiresAt: 9e12 }),
    ]);
    const second = recordOf('a', { state: 'RETRY', doneAt: null });
    await store.put([second]);
    expect(await store.get(['a'])).toEqual([second]);
  });

  it('take 1,000 records in one call (STO-9, STO-17)', async () => {
    const store = memoryStore();
    const records = Array.from({ length: 1_000 }, (_, i) => recordOf(`t${i}`, { result: i }));
    expect(await store.put(records)).toHaveLength(1_000);
    expect(await store.get(records.map(({ taskId }) => taskId))).toEqual(records);
  });

  it('tell every two different ids apart (STO-10, STO-11)', async () => {
    const store = memoryStore();
    await store.put(ODD_IDS.map((taskId) => recordOf(taskId, { result: taskId })));
    const read = await store.get(ODD_IDS);
    expect(read.map((outcome) => outcome && 'result' in outcome && outcome.result)).toEqual(ODD_IDS);
  });

  it('refuse one record and apply its neighbours (STO-15)', async () => {
    const store = memoryStore();
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const outcomes = await store.put([recordOf('a'), recordOf('bad', { result: cycle }), recordOf('c')]);
    expect(outcomes).toMatchObject([
      { applied: true },
      { refused: { message: expect.any(String) } },
      { applied: true },
    ]);
    expect((await store.get(['a', 'bad', 'c'])).map(Boolean)).toEqual([true, false, true]);
  });

  it('put the same id several times as if one after another (STO-16)', async () => {
    const store = memoryStore();
    const states = ['STARTED', 'RETRY', 'SUCCESS', 'FAILURE'];
    const outcomes = await store.put(
      states.map((state) => recordOf('a', { state, result: state === 'SUCCESS' ? 1 : null })),
    );
    expect(outcomes.map((outcome) => 'applied' in outcome && outcome.applied)).toEqual([true, true, true, false]);
    expect(await store.get(['a'])).toMatchObject([{ state: 'SUCCESS' }]);
  });

  it('write a verbatim record of the same layout back byte for byte, and any other by its fields', async () => {
    const { store } = timed();
    await store.put([recordOf('a', { result: [1, 2] })]);
    const [read] = await store.get(['a'], { verbatim: true });
    if (!read || !('state' in read) || !read.verbatim) throw new Error('expected the stored form');
    const target = memoryStore();
    await target.put([{ ...read, result: 'ignored in favour of the stored form' }]);
    expect(await target.get(['a'])).toEqual([recordOf('a', { result: [1, 2] })]);
    const foreign = recordOf('b', { result: 'fields', verbatim: { layout: 'redis/json', data: 'x' } });
    await target.put([foreign]);
    expect(await target.get(['b'])).toEqual([recordOf('b', { result: 'fields' })]);
  });
});

describe('states', () => {
  const FINAL = recordOf('a', { result: 'keep', expiresAt: 5_000 });

  it('make SUCCESS final, whatever comes later (STA-1, STA-2, STA-5, STA-10)', async () => {
    const { store, notify } = timed();
    await store.put([FINAL]);
    const record = vi.fn();
    await notify.subscribe({ record, gap: () => {} }).add(['a']);
    for (const state of ['PENDING', 'STARTED', 'RETRY', 'FAILURE', 'REVOKED', 'SUCCESS', 'PROGRESS']) {
      const late = recordOf('a', { state, result: null, doneAt: 7, expiresAt: 9_000 });
      expect(await store.put([late])).toEqual([{ applied: false, state: 'SUCCESS' }]);
    }
    expect(await store.get(['a'])).toEqual([FINAL]);
    await settle();
    expect(record).not.toHaveBeenCalled();
  });

  it('let FAILURE, REVOKED and custom states be replaced by any other (STA-3, STA-4, STA-6)', async () => {
    const store = memoryStore();
    for (const state of [
      'STARTED',
      'RETRY',
      'STARTED',
      'FAILURE',
      'STARTED',
      'REVOKED',
      'anything at all',
      'PENDING',
      'SUCCESS',
    ]) {
      expect(await store.put([recordOf('a', { state })])).toEqual([{ applied: true }]);
      expect(await store.get(['a'])).toMatchObject([{ state }]);
    }
  });

  it('begin anew after delete and after expiry (STA-7, STA-8)', async () => {
    const { store, clock } = timed();
    await store.put([FINAL]);
    await store.delete(['a']);
    expect(await store.put([recordOf('a', { state: 'STARTED', expiresAt: 2_000 })])).toEqual([{ applied: true }]);
    await store.put([{ ...FINAL, expiresAt: 2_000 }]);
    clock.now = 2_000;
    expect(await store.put([recordOf('a', { state: 'STARTED' })])).toEqual([{ applied: true }]);
  });

  it('store nothing for an id that is only read or deleted (STA-9)', async () => {
    const { store, stats } = timed();
    await store.get(['a']);
    await store.delete(['a']);
    expect((await stats.read()).total).toBe(0);
  });
});

describe('expiry', () => {
  it('ends a record at its deadline, also one that has passed already (EXP-1, EXP-2, EXP-5)', async () => {
    const { store, clock } = timed();
    expect(await store.put([recordOf('a', { expiresAt: 2_000 }), recordOf('past', { expiresAt: 999 })])).toEqual([
      { applied: true },
      { applied: true },
    ]);
    clock.now = 1_999;
    expect((await store.get(['a', 'past'])).map(Boolean)).toEqual([true, false]);
    clock.now = 2_000;
    expect(await store.get(['a', 'past'])).toEqual([undefined, undefined]);
  });

  it('does not touch a record without a deadline, and honours far ones (EXP-3, EXP-7)', async () => {
    const { store, clock } = timed();
    const far = 2 ** 32 * 1_000;
    await store.put([recordOf('never'), recordOf('far', { expiresAt: far })]);
    clock.now = far - 1;
    expect((await store.get(['never', 'far'])).map(Boolean)).toEqual([true, true]);
    clock.now = far;
    expect((await store.get(['never', 'far'])).map(Boolean)).toEqual([true, false]);
  });

  it('follows the last applied put, to another deadline or to none (EXP-4)', async () => {
    const { store, clock } = timed();
    await store.put([
      recordOf('a', { state: 'STARTED', expiresAt: 2_000 }),
      recordOf('b', { state: 'STARTED', expiresAt: 2_000 }),
    ]);
    await store.put([recordOf('a', { state: 'RETRY', expiresAt: 3_000 }), recordOf('b', { state: 'RETRY' })]);
    clock.now = 2_500;
    expect((await store.get(['a', 'b'])).map(Boolean)).toEqual([true, true]);
    clock.now = 3_000;
    expect((await store.get(['a', 'b'])).map(Boolean)).toEqual([false, true]);
  });

  it('hides what has expired from scan, delete and statistics (EXP-6)', async () => {
    const { store, clock, stats } = timed();
    await store.put([recordOf('a', { expiresAt: 2_000 }), recordOf('b')]);
    clock.now = 2_000;
    expect(await scanned(store)).toEqual(['b']);
    expect((await stats.read()).total).toBe(1);
    expect(await store.delete(['a'])).toBe(0);
  });

  it('sweeps at most as many as asked, until none is left, groups included (EXP-8, EXP-10)', async () => {
    const { store, clock, sweep, groups } = timed();
    await store.put(Array.from({ length: 5 }, (_, i) => recordOf(`t${i}`, { expiresAt: 2_000 })));
    await store.put([recordOf('stays')]);
    await groups.save(group('g', ['a'], 2_000));
    await groups.save(group('h', ['a'], 3_000));
    clock.now = 2_000;
    expect([await sweep(4), await sweep(4), await sweep(4)]).toEqual([4, 2, 0]);
    expect(await scanned(store)).toEqual(['stays']);
    expect(await groups.load('h')).toBeDefined();
  });

  it('does not tell watchers of a record that was never readable', async () => {
    const { store, notify } = timed();
    const record = vi.fn();
    await notify.subscribe({ record, gap: () => {} }).add(['a']);
    await store.put([recordOf('a', { expiresAt: 999 })]);
    await settle();
    expect(record).not.toHaveBeenCalled();
  });
});

describe('notify', () => {
  it('tells of every write after add has resolved, of what get returns then (WAI-1, WAI-3, WAI-4, WAI-6, WAI-9)', async () => {
    const { store, notify } = timed();
    const seen: unknown[] = [];
    const record = async (outcome: { readonly taskId: string }): Promise<void> => {
      seen.push([outcome, (await store.get([outcome.taskId]))[0]]);
    };
    await notify.subscribe({ record: (outcome) => void record(outcome), gap: () => {} }).add(['a']);
    for (let i = 0; i < 200; i += 1) {
      await store.put([recordOf('a', { state: 'PROGRESS', result: i, doneAt: null }), recordOf('other')]);
      await settle();
    }
    await store.put([recordOf('a', { result: 'last' })]);
    await settle();
    expect(seen).toHaveLength(201);
    for (const pair of seen as [unknown, unknown][]) expect(pair[0]).toEqual(pair[1]);
    expect(seen.at(-1)).toMatchObject([{ state: 'SUCCESS' }, { state: 'SUCCESS' }]);
  });

  it('tells nobody any more who closed or removed, and still the others (WAI-5, WAI-7)', async () => {
    const { store, notify } = timed();
    const [closed, removed, control] = [vi.fn(), vi.fn(), vi.fn()];
    const [first, second, third] = [closed, removed, control].map((record) =>
      notify.subscribe({ record, gap: () => {} }),
    );
    await Promise.all([first, second, third].map((subscription) => subscription?.add(['a'])));
    const put = store.put([recordOf('a', { state: 'STARTED' })]);
    const closing = first?.close();
    second?.remove(['a']);
    await Promise.all([put, closing]);
    await settle();
    expect([closed, removed, control].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 1]);
    await first?.close();
    expect(await errorOf(first?.add(['a']) ?? Promise.resolve())).toMatchObject({ code: 'RB_CLOSED' });
    await second?.add(['a', 'a']);
    await store.put([recordOf('a', { state: 'RETRY' })]);
    await settle();
    expect([closed, removed, control].map(({ mock }) => mock.calls.length)).toEqual([0, 1, 2]);
  });

  it('keeps two subscriptions with one handler apart', async () => {
    const { store, notify } = timed();
    const handler = { record: vi.fn(), gap: () => {} };
    const [first, second] = [notify.subscribe(handler), notify.subscribe(handler)];
    await first.add(['a']);
    await second.add(['a']);
    await first.close();
    await store.put([recordOf('a')]);
    await settle();
    expect(handler.record).toHaveBeenCalledTimes(1);
  });

  it('is not disturbed by a handler that throws (WAI-8)', async () => {
    const { store, notify } = timed();
    const record = vi.fn();
    const throwing = (): never => {
      throw new Error('a broken handler');
    };
    await notify.subscribe({ record: throwing, gap: () => {} }).add(['a']);
    await notify.subscribe({ record, gap: () => {} }).add(['a']);
    expect(await store.put([recordOf('a')])).toEqual([{ applied: true }]);
    await settle();
    expect(record).toHaveBeenCalledTimes(1);
  });
});

const group = (groupId: string, ids: readonly string[], expiresAt: number | null = null): GroupRecord => ({
  groupId,
  members: ids.map((id) => new ResultNode(id)),
  parent: null,
  expiresAt,
});

describe('groups', () => {
  it.each([0, 1, 1_000])('keep %d members in order (GRP-1)', async (n) => {
    const { groups } = timed();
    const saved = group(
      'g',
      Array.from({ length: n }, (_, i) => `t${(i * 7) % 1_000}`),
    );
    await groups.save(saved);
    expect(await groups.load('g')).toEqual(saved);
  });

  it('count every member once, and have exactly one last report (GRP-2, GRP-3, GRP-5)', async () => {
    const { groups } = timed();
    const ids = Array.from({ length: 20 }, (_, i) => `t${i}`);
    await groups.save(group('g', ids));
    expect(await groups.report('g', recordOf('stranger'))).toEqual({ reported: 0, last: false });
    const reports = await Promise.all([...ids, ...ids].map((id) => groups.report('g', recordOf(id))));
    expect(reports.slice(0, 20).map(({ reported }) => reported)).toEqual(ids.map((_, i) => i + 1));
    expect(reports.map(({ last }) => last).filter(Boolean)).toHaveLength(1);
    expect(await groups.report('g', recordOf('stranger'))).toEqual({ reported: 20, last: false });
  });

  it('are complete when a member that they have twice has reported once', async () => {
    const { groups } = timed();
    await groups.save(group('g', ['a', 'a']));
    expect(await groups.report('g', recordOf('a'))).toEqual({ reported: 1, last: true });
  });

  it('forget what was reported when they are saved anew', async () => {
    const { groups } = timed();
    await groups.save(group('g', ['a']));
    await groups.report('g', recordOf('a'));
    await groups.save(group('g', ['a', 'b']));
    expect(await groups.report('g', recordOf('b'))).toEqual({ reported: 1, last: false });
  });

  it('count nothing once they are unknown, deleted or expired (GRP-4, GRP-6, EXP-10)', async () => {
    const { groups, clock } = timed();
    await groups.save(group('deleted', ['a']));
    await groups.save(group('expired', ['a'], 2_000));
    clock.now = 2_000;
    expect([await groups.delete('deleted'), await groups.delete('deleted'), await groups.delete('expired')]).toEqual([
      true,
      false,
      false,
    ]);
    for (const id of ['unknown', 'deleted', 'expired']) {
      expect(await groups.report(id, recordOf('a'))).toEqual({ reported: 0, last: false });
      expect(await groups.load(id)).toBeUndefined();
    }
  });

  it('do not collide with a task of the same id (GRP-7)', async () => {
    const { store, groups } = timed();
    await groups.save(group('same', ['a']));
    await store.put([recordOf('same')]);
    await store.delete(['same']);
    expect(await groups.load('same')).toBeDefined();
    await store.put([recordOf('same')]);
    await groups.delete('same');
    expect((await store.get(['same']))[0]).toBeDefined();
    expect(await scanned(store)).toEqual(['same']);
  });
});

describe('delete', () => {
  it('counts distinct ids that existed, and leaves similar ones (FOR-1, FOR-2, FOR-4)', async () => {
    const store = memoryStore();
    await store.put(['a', 'ab', 'a:b', 'A', 'a*'].map((id) => recordOf(id)));
    expect(await store.delete(['a*', 'a', 'a', 'none'])).toBe(2);
    expect(await store.delete(['a*', 'a'])).toBe(0);
    expect((await store.get(['a', 'ab', 'a:b', 'A', 'a*'])).map(Boolean)).toEqual([false, true, true, true, false]);
  });

  it('takes 1,000 ids in one call (FOR-3)', async () => {
    const store = memoryStore();
    const ids = Array.from({ length: 1_000 }, (_, i) => `t${i}`);
    await store.put(ids.map((id) => recordOf(id)));
    expect(await store.delete(ids)).toBe(1_000);
  });
});

describe('values', () => {
  it('come back as they were (SER-1)', async () => {
    const store = memoryStore();
    const values = [null, true, false, 0, '', [[], [[1]]], { a: { b: [] } }, '🐢', '\u2028\u0000', 1.5];
    await store.put(values.map((result, i) => recordOf(`${i}`, { result })));
    const read = await store.get(values.map((_, i) => `${i}`));
    expect(read.map((outcome) => outcome && 'result' in outcome && outcome.result)).toEqual(values);
  });

  it('that are errors come back as RemoteErrors', async () => {
    const store = memoryStore();
    const result = new RemoteError('ValueError', 'builtins', ['bad', 7]);
    await store.put([recordOf('a', { state: 'FAILURE', result })]);
    expect(await store.get(['a'])).toMatchObject([
      { result: { type: 'ValueError', module: 'builtins', args: ['bad', 7] } },
    ]);
  });

  it('that cannot be encoded are refused, and what was stored stays (SER-3)', async () => {
    const store = memoryStore();
    const before = recordOf('a', { state: 'STARTED', doneAt: null });
    await store.put([before]);
    const [outcome] = await store.put([recordOf('a', { result: () => 1 })]);
    expect(outcome).toMatchObject({ refused: { code: 'RB_ENCODE' } });
    expect(await store.get(['a'])).toEqual([before]);
  });

  it('that cannot be decoded are refused alone, in reads, scans and pushes', async () => {
    const broken: Serializer = {
      name: 'broken',
      contentType: 'text/plain',
      contentEncoding: 'utf-8',
      encode: () => 'x',
      decode: () => {
        throw new ResultError('RB_DECODE', 'not readable');
      },
    };
    const { store, notify } = timed({ serializer: broken });
    const record = vi.fn();
    await notify.subscribe({ record, gap: () => {} }).add(['a']);
    await store.put([recordOf('a')]);
    await settle();
    const refused = { taskId: 'a', refused: expect.objectContaining({ code: 'RB_DECODE' }) };
    expect(await store.get(['none', 'a'])).toEqual([undefined, refused]);
    expect(record).toHaveBeenCalledExactlyOnceWith(refused);
    expect(await scanned(store)).toEqual(['a']);
    expect(await store.delete(['a'])).toBe(1);
  });

  it.each(['x', 'ä', '🐢'])('larger than maxBytes are refused, counted in bytes: %s (SER-6, SER-7)', async (char) => {
    const maxBytes = 4_096;
    const store = memoryStore({ maxBytes });
    expect(store.traits.maxBytes).toBe(maxBytes);
    const bytes = new TextEncoder().encode(char).length;
    const text = (size: number): string => char.repeat(Math.floor(size / bytes));
    const outcomes = await store.put([
      recordOf('fits', { result: text(maxBytes - 1_024) }),
      recordOf('large', { result: text(maxBytes + bytes) }),
      recordOf('after'),
    ]);
    expect(outcomes).toMatchObject([
      { applied: true },
      { refused: { code: 'RB_TOO_LARGE', taskId: 'large' } },
      { applied: true },
    ]);
    expect((await store.get(['fits', 'large', 'after'])).map(Boolean)).toEqual([true, false, true]);
  });
});

async function scanned(store: ResultStore, options?: ScanOptions): Promise<string[]> {
  const ids: string[] = [];
  for await (const { records } of store.scan?.pages(options) ?? []) ids.push(...records.map(({ taskId }) => taskId));
  return ids;
}

describe('scan', () => {
  const ids = Array.from({ length: 25 }, (_, i) => `t${i}`);

  it('yields every record exactly once, though others come and go meanwhile (ENU-1, ENU-2)', async () => {
    const { store, groups, scan } = timed();
    await store.put(ids.map((id) => recordOf(id)));
    await groups.save(group('group', ['t1']));
    const seen: string[] = [];
    for await (const { records } of scan.pages({ pageSize: 4 })) {
      expect(records.length).toBeLessThanOrEqual(4);
      seen.push(...records.map(({ taskId }) => taskId));
      await store.put([recordOf(`new${seen.length}`), recordOf('a0')]);
      await store.delete([`new${seen.length}`]);
    }
    expect(seen.filter((id) => ids.includes(id)).sort()).toEqual([...ids].sort());
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).not.toContain('group');
  });

  it('goes on after a cursor, in another scan', async () => {
    const { store, scan } = timed();
    await store.put(ids.map((id) => recordOf(id)));
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const { value: page } = await scan.pages({ pageSize: 7, after })[Symbol.asyncIterator]().next();
      if (page === undefined) break;
      seen.push(...page.records.map(({ taskId }: { taskId: string }) => taskId));
      after = page.cursor;
    }
    expect(seen.sort()).toEqual([...ids].sort());
  });

  it.each<[string, ScanFilter, string[]]>([
    ['state', { states: ['FAILURE', 'STARTED'] }, ['failed', 'started']],
    ['name', { name: 'add' }, ['done']],
    ['worker', { worker: 'w1' }, ['done', 'failed']],
    ['queue', { queue: 'q' }, ['started']],
    ['since, inclusive', { since: 200 }, ['failed', 'later']],
    ['until, exclusive', { until: 200 }, ['done']],
    ['several at once', { worker: 'w1', since: 150, states: ['SUCCESS', 'FAILURE'] }, ['failed']],
  ])('filters by %s', async (_name, filter, expected) => {
    const { store } = timed();
    await store.put([
      recordOf('done', { doneAt: 100, meta: { name: 'add', worker: 'w1' } }),
      recordOf('failed', { state: 'FAILURE', doneAt: 200, meta: { name: 'mul', worker: 'w1' } }),
      recordOf('later', { doneAt: 300 }),
      recordOf('started', { state: 'STARTED', doneAt: null, meta: { queue: 'q' } }),
    ]);
    expect(await scanned(store, { filter })).toEqual(expected);
  });

  it('returns the stored form on request', async () => {
    const { store, scan } = timed();
    await store.put([recordOf('a')]);
    for await (const { records } of scan.pages({ verbatim: true })) {
      expect(records).toMatchObject([{ verbatim: { layout: 'memory/json', data: expect.anything() } }]);
    }
  });

  it('ends with an abort or a close in the middle', async () => {
    const { store, scan } = timed();
    await store.put(ids.map((id) => recordOf(id)));
    const controller = new AbortController();
    const pages = scan.pages({ pageSize: 5, signal: controller.signal })[Symbol.asyncIterator]();
    await pages.next();
    controller.abort();
    expect(await errorOf(pages.next())).toMatchObject({ code: 'RB_ABORTED' });
    const others = scan.pages({ pageSize: 5 })[Symbol.asyncIterator]();
    await others.next();
    await store.close();
    expect(await errorOf(others.next())).toMatchObject({ code: 'RB_CLOSED' });
  });
});

describe('the store', () => {
  it('sums up what it keeps', async () => {
    const { store, stats } = timed();
    expect(await stats.read()).toEqual({ byState: {}, total: 0, bytes: 0, oldestDoneAt: null, estimated: false });
    await store.put([
      recordOf('a', { doneAt: 50 }),
      recordOf('b', { doneAt: 40 }),
      recordOf('c', { state: 'STARTED', doneAt: null }),
    ]);
    const read = await stats.read();
    expect(read).toMatchObject({ byState: { SUCCESS: 2, STARTED: 1 }, total: 3, oldestDoneAt: 40 });
    expect(read.bytes).toBeGreaterThan(0);
  });

  it('does nothing with an aborted signal (ABO-1), nor after close, which may be repeated (LIF-3, LIF-4)', async () => {
    const { store, notify, sweep, groups, stats } = timed();
    await store.put([recordOf('a', { state: 'STARTED' })]);
    const operations = (options?: { signal: AbortSignal }): (() => Promise<unknown>)[] => [
      () => store.put([recordOf('b')], options),
      () => store.get(['a'], options),
      () => store.delete(['a'], options),
      () => notify.subscribe({ record: () => {}, gap: () => {} }).add(['a'], options),
      () => sweep(1, options),
      () => groups.save(group('g', ['a']), options),
      () => groups.load('g', options),
      () => groups.delete('g', options),
      () => groups.report('g', recordOf('a'), options),
      () => stats.read(options),
      () => scanned(store, options),
    ];
    for (const operation of operations({ signal: AbortSignal.abort('enough') })) {
      expect(await errorOf(operation())).toMatchObject({ code: 'RB_ABORTED', name: 'AbortError', cause: 'enough' });
    }
    expect((await store.get(['a', 'b'])).map(Boolean)).toEqual([true, false]);
    await Promise.all([store.close(), store.close()]);
    for (const operation of operations()) expect(await errorOf(operation())).toMatchObject({ code: 'RB_CLOSED' });
  });
});
