import { describe, expect, it } from 'vitest';
import { openRaw, openStore, present, record, temporaryFile } from './support.js';

/** A store whose clock the test moves. */
function openWithClock(filename = temporaryFile()) {
  const clock = { now: 1_000_000 };
  return { clock, filename, store: openStore({ filename, now: () => clock.now }) };
}

describe('deadlines', () => {
  it('are honoured at read, to the millisecond, before anything is removed', async () => {
    const { clock, filename, store } = openWithClock();
    await store.put([record('a', 'SUCCESS', { expiresAt: 1_000_010 }), record('never')]);
    clock.now = 1_000_009;
    expect(await store.get(['a'])).toHaveLength(1);
    expect((await store.get(['a']))[0]).toBeDefined();
    clock.now = 1_000_010;
    expect(await store.get(['a', 'never'])).toEqual([undefined, record('never')]);
    expect(await store.delete(['a'])).toBe(0);
    expect(openRaw(filename).prepare('SELECT count(*) AS n FROM celery_taskmeta').get()).toEqual({ n: 1 });
  });

  it('may be past already, and beyond 2^31 seconds', async () => {
    const { store } = openWithClock();
    const far = (2 ** 31 + 1) * 1_000;
    expect(
      await store.put([record('past', 'SUCCESS', { expiresAt: 5 }), record('far', 'SUCCESS', { expiresAt: far })]),
    ).toEqual([{ applied: true }, { applied: true }]);
    expect(await store.get(['past', 'far'])).toMatchObject([undefined, { expiresAt: far }]);
  });

  it('are replaced by an applied put, and removed where it has none', async () => {
    const { clock, store } = openWithClock();
    await store.put([record('a', 'STARTED', { expiresAt: 1_000_010 })]);
    await store.put([record('a', 'STARTED')]);
    clock.now = 2_000_000;
    expect(await store.get(['a'])).toEqual([record('a', 'STARTED')]);
  });

  it('are left alone by a put that was not applied', async () => {
    const { clock, store } = openWithClock();
    await store.put([record('a', 'SUCCESS', { expiresAt: 1_000_010 })]);
    await store.put([record('a', 'SUCCESS', { expiresAt: null })]);
    clock.now = 1_000_010;
    expect(await store.get(['a'])).toEqual([undefined]);
  });

  it('open an expired SUCCESS to a new history', async () => {
    const { clock, store } = openWithClock();
    await store.put([record('a', 'SUCCESS', { expiresAt: 1_000_010 })]);
    clock.now = 1_000_010;
    expect(await store.put([record('a', 'STARTED')])).toEqual([{ applied: true }]);
    expect(await store.get(['a'])).toEqual([record('a', 'STARTED')]);
  });
});

describe('sweep', () => {
  it('removes only what has expired, at most so many, groups included, until nothing is left', async () => {
    const { clock, filename, store } = openWithClock();
    const { sweep } = present(store.expiry);
    const groups = present(store.groups);
    await store.put([1, 2, 3].map((n) => record(`old-${n}`, 'STARTED', { expiresAt: 1_000_000 + n })));
    await store.put([record('later', 'SUCCESS', { expiresAt: 9_000_000 }), record('never')]);
    await groups.save({ groupId: 'g', members: [], parent: null, expiresAt: 1_000_001 });
    clock.now = 1_000_100;
    expect(await sweep?.(2)).toBe(2);
    expect(await sweep?.(2)).toBe(2);
    expect(await sweep?.(2)).toBe(0);
    const raw = openRaw(filename);
    expect(raw.prepare('SELECT task_id FROM celery_taskmeta ORDER BY id').pluck().all()).toEqual(['later', 'never']);
    expect(raw.prepare('SELECT count(*) FROM celery_tasksetmeta').pluck().get()).toBe(0);
  });

  it('finds expired rows by an index', async () => {
    const { filename, store } = openWithClock();
    await store.get(['a']);
    const plan = openRaw(filename)
      .prepare(
        'EXPLAIN QUERY PLAN SELECT id FROM celery_taskmeta WHERE (rb_expires_at <= ?) ORDER BY rb_expires_at LIMIT ?',
      )
      .all(1, 1);
    expect(JSON.stringify(plan)).toContain('rb_celery_taskmeta_expires_at');
    expect(JSON.stringify(plan)).not.toContain('TEMP B-TREE');
  });

  it('leaves a record that was stored again with a later deadline', async () => {
    const { clock, store } = openWithClock();
    await store.put([record('a', 'STARTED', { expiresAt: 1_000_010 })]);
    clock.now = 1_000_010;
    await store.put([record('a', 'SUCCESS', { expiresAt: 2_000_000 })]);
    expect(await store.expiry?.sweep?.(10)).toBe(0);
    expect(await store.get(['a'])).toHaveLength(1);
  });
});

describe('what does not exist for want of a deadline', () => {
  it('is absent from scans and statistics too', async () => {
    const { clock, store } = openWithClock();
    await store.put([
      record('a', 'FAILURE', { expiresAt: 1_000_010, doneAt: 5 }),
      record('b', 'SUCCESS', { doneAt: 7_000 }),
    ]);
    clock.now = 1_000_010;
    const ids: string[] = [];
    for await (const page of present(store.scan).pages()) ids.push(...page.records.map(({ taskId }) => taskId));
    expect(ids).toEqual(['b']);
    const stats = await present(store.stats).read();
    expect(stats).toMatchObject({ byState: { SUCCESS: 1 }, total: 1, oldestDoneAt: 7_000, estimated: false });
    expect(stats.byState).not.toHaveProperty('FAILURE');
    expect(stats.bytes).toBeGreaterThan(0);
  });
});
