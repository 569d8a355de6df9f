import { expect, it } from 'vitest';
import { code, present, record } from '../support.js';
import type { OpenWorld, World } from './world.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const now = (): number => NOW;

const done = (taskId: string, ageMs: number, state = 'SUCCESS', meta = {}) =>
  record(taskId, state, { doneAt: NOW - ageMs, meta });

export async function idsIn(world: World): Promise<string[]> {
  const rows = await world.query('SELECT task_id FROM celery_taskmeta ORDER BY task_id');
  return rows.map((row) => String(row.task_id));
}

export function tierContract(open: OpenWorld): void {
  it('removes ready records that are older than the first tier that fits them says', async () => {
    const world = await open();
    await world
      .store()
      .put([
        done('failed-new', 80 * DAY, 'FAILURE'),
        done('failed-old', 91 * DAY, 'FAILURE'),
        done('kept-for-ever', 999 * DAY, 'SUCCESS', { name: 'audit.trail' }),
        done('named-new', HOUR - 1_000, 'SUCCESS', { name: 'poll.mail' }),
        done('named-old', HOUR + 1_000, 'SUCCESS', { name: 'poll.mail' }),
        done('other-new', 29 * DAY),
        done('other-old', 31 * DAY),
        done('revoked-old', 31 * DAY, 'REVOKED'),
      ]);
    const policy = {
      tiers: [
        { name: 'audit.*', keep: 'forever' },
        { states: ['FAILURE'], keep: '90d' },
        { name: 'poll.????', keep: '1h' },
      ],
      default: '30d',
    };
    const retention = world.retention({ now });
    const plan = await retention.plan(policy);
    expect(plan).toEqual({
      due: {
        expired: { records: 0, oldest: null, newest: null },
        tiers: [
          { records: 0, oldest: null, newest: null },
          { records: 1, oldest: NOW - 91 * DAY, newest: NOW - 91 * DAY },
          { records: 1, oldest: NOW - HOUR - 1_000, newest: NOW - HOUR - 1_000 },
        ],
        default: { records: 2, oldest: NOW - 31 * DAY, newest: NOW - 31 * DAY },
        stale: { records: 0, oldest: null, newest: null },
      },
      undated: 0,
    });
    expect(await idsIn(world)).toHaveLength(8);
    expect(await retention.apply(policy, { batchSize: 3 })).toEqual({
      removed: { expired: 0, tiers: [0, 1, 1], default: 2, stale: 0 },
      archived: 0,
      groups: 0,
      undated: 0,
      complete: true,
    });
    expect(await idsIn(world)).toEqual(['failed-new', 'kept-for-ever', 'named-new', 'other-new']);
  });

  it('compares patterns of names, queues and workers with the whole text, case and all', async () => {
    const world = await open();
    const names = ['a.b', 'A.b', 'a.bc', 'xa.b', 'a!b', 'a_b', 'a%b', 'a[b', 'aXb'];
    await world
      .store()
      .put([
        ...names.map((name) => done(`name ${name}`, DAY, 'SUCCESS', { name })),
        ...names.map((queue) => done(`queue ${queue}`, DAY, 'SUCCESS', { queue })),
        ...names.map((worker) => done(`worker ${worker}`, DAY, 'SUCCESS', { worker })),
        done('without', DAY),
      ]);
    const due = async (tier: object): Promise<number | undefined> => {
      const plan = await world.retention({ now }).plan({ tiers: [{ ...tier, keep: '1h' }] });
      return plan.due.tiers[0]?.records;
    };
    for (const column of ['name', 'queue', 'worker']) {
      const patterns = { 'a.b': 1, 'a.*': 2, 'a?b': 6, '*': 9, '?*b': 8, a_b: 1, 'a%b': 1, 'a[b': 1, '[aA].b': 0 };
      for (const [pattern, count] of Object.entries(patterns))
        expect([column, pattern, await due({ [column]: pattern })]).toEqual([column, pattern, count]);
    }
    expect(await due({ name: 'a*', queue: 'a*' })).toBe(0);
  });

  it('removes nothing that no duration is given for', async () => {
    const world = await open();
    await world.store({ now }).put([done('ready', 999 * DAY), record('started', 'STARTED')]);
    expect(await world.retention({ now: () => NOW + 999 * DAY }).apply({})).toMatchObject({ complete: true });
    expect(await idsIn(world)).toEqual(['ready', 'started']);
  });

  it('removes what is past its own deadline, whatever the policy says', async () => {
    const world = await open();
    await world.store({ now }).put([
      { ...done('live', HOUR), expiresAt: NOW + HOUR },
      { ...done('expired', HOUR), expiresAt: NOW - 2 },
      { ...record('started', 'STARTED'), expiresAt: NOW - 1 },
    ]);
    const policy = { tiers: [{ name: '*', keep: 'forever' }], default: 'forever', stale: 'forever' };
    const plan = await world.retention({ now }).plan(policy);
    expect(plan.due.expired).toEqual({ records: 2, oldest: NOW - 2, newest: NOW - 1 });
    expect((await world.retention({ now }).apply(policy)).removed.expired).toBe(2);
    expect(await idsIn(world)).toEqual(['live']);
  });

  it('removes records that are not ready once their last write is older than stale says, or the tier of their state', async () => {
    const world = await open();
    // The server's own clock is part of the matter: so these are real hours, seen from the future.
    const store = world.store();
    await store.put([record('started', 'STARTED'), record('retried', 'RETRY'), record('progress', 'PROGRESS')]);
    await store.put([done('done', DAY)]);
    const policy = {
      tiers: [
        { states: ['RETRY'], keep: '3d' },
        { name: '*', keep: '1m' },
      ],
      stale: '7d',
    };
    const after = (ms: number) => world.retention({ now: () => Date.now() + ms });
    expect((await after(2 * DAY).apply(policy)).removed).toMatchObject({ tiers: [0, 0], stale: 0 });
    expect((await after(4 * DAY).apply(policy)).removed).toMatchObject({ tiers: [1, 0], stale: 0 });
    expect((await after(8 * DAY).plan(policy)).due.stale.records).toBe(2);
    expect((await after(8 * DAY).apply(policy)).removed).toMatchObject({ tiers: [0, 0], stale: 2 });
    expect(await idsIn(world)).toEqual(['done']);
  });

  it('counts what Celery wrote as not ready from when retention first saw it', async () => {
    const world = await open();
    const store = world.store();
    await store.put([record('rewritten', 'STARTED', { doneAt: null })]);
    const [next] = await world.query('SELECT MAX(id) + 1 AS id FROM celery_taskmeta');
    await world.query(
      `INSERT INTO celery_taskmeta (id, task_id, status) VALUES (${Number(next?.id) + 100}, 'inserted', 'STARTED')`,
    );
    await world.query("UPDATE celery_taskmeta SET status = 'RETRY' WHERE task_id = 'rewritten'");
    const policy = { stale: '7d' };
    const after = (ms: number) => world.retention({ now: () => Date.now() + ms });
    expect((await after(0).plan(policy)).undated).toBeGreaterThan(0);
    expect((await after(0).apply(policy)).undated).toBeGreaterThan(0);
    expect(await after(6 * DAY).plan(policy)).toMatchObject({ due: { stale: { records: 0 } }, undated: 0 });
    // Celery has no zone in MySQL's dates, which may cost half a day.
    expect(await after(8 * DAY).apply(policy)).toMatchObject({ removed: { stale: 2 }, undated: 0 });
    expect(await idsIn(world)).toEqual([]);
  });

  it('takes no more than limit, and says that it is not complete', async () => {
    const world = await open();
    await world.store().put(Array.from({ length: 10 }, (_, i) => done(`${i}`, DAY + i * 1_000)));
    const retention = world.retention({ now });
    const first = await retention.apply({ default: '1h' }, { limit: 4, batchSize: 3, pauseMs: 0 });
    expect(first).toMatchObject({ removed: { default: 4 }, complete: false });
    // The oldest first.
    expect(await idsIn(world)).toEqual(['0', '1', '2', '3', '4', '5']);
    const second = await retention.apply({ default: '1h' }, { batchSize: 3, pauseMs: 0 });
    expect(second).toMatchObject({ removed: { default: 6 }, complete: true });
  });

  it('tells of its progress after every batch, and ends between batches when aborted', async () => {
    const world = await open();
    await world.store().put(Array.from({ length: 10 }, (_, i) => done(`${i}`, DAY)));
    const aborting = new AbortController();
    const seen: number[] = [];
    const applying = world.retention({ now }).apply(
      { default: '1h' },
      {
        ...{ batchSize: 3, pauseMs: 0, signal: aborting.signal },
        onProgress: ({ removed }) => {
          seen.push(removed.default);
          if (removed.default === 6) aborting.abort();
        },
      },
    );
    expect(await code(applying)).toBe('RB_ABORTED');
    expect(seen).toEqual([3, 6]);
    expect(await idsIn(world)).toHaveLength(4);
  });

  it('removes groups that were saved too long ago, and those past their deadline', async () => {
    const world = await open();
    const group = (groupId: string, expiresAt: number | null = null) => ({
      groupId,
      members: [],
      parent: null,
      expiresAt,
    });
    await present(world.store({ now: () => NOW - 8 * DAY }).groups).save(group('old'));
    const groups = present(world.store({ now }).groups);
    await groups.save(group('new'));
    await groups.save(group('expired', NOW - 1));
    const result = await world.retention({ now }).apply({ groups: '7d' }, { batchSize: 1, pauseMs: 0 });
    expect(result.groups).toBe(2);
    expect(await groups.load('new')).toBeDefined();
    expect(await groups.load('old')).toBeUndefined();
  });
}

export function celeryLayoutContract(open: OpenWorld): void {
  it('goes by dates alone in tables that are exactly Celery’s', async () => {
    const world = await open();
    const layout = 'celery' as const;
    await world.store({ layout }).put([done('old', 2 * DAY), done('new', HOUR), record('started', 'STARTED')]);
    const policy = { default: '1d', stale: '1d' };
    const retention = world.retention({ layout, now });
    expect((await retention.plan(policy)).due).toMatchObject({ default: { records: 1 }, stale: { records: 0 } });
    expect((await retention.apply(policy)).removed.default).toBe(1);
    expect(await idsIn(world)).toEqual(['new', 'started']);
  });
}
