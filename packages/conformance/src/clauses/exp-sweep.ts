import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { ResultNode } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { FAR_MS, foundOf, passDeadline, resolutionMs, sweep } from './deadlines.js';

/** Neither with the group nor without it a multiple of the limit, so that returning the limit shows. */
const SWEPT = 6;
const LIMIT = 4;

/** Each way, of the handle that sweeps: a sweep of two round trips is then met at each of its steps. */
const LATENCY_MS = 20;
const OFFSETS = 6;

/** Physical removal, and deadlines of groups. */
export const EXP_SWEEP: readonly Clause[] = [
  {
    id: 'EXP-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: '`sweep(n)` removes only expired records and groups, at most n, and returns how many; repeated, it reaches 0.',
    hint: 'DELETE of the rows that a LIMIT picked; return what was removed, not what was asked for.',
    source: 'The contract, ExpiryCapability.sweep',
    needs: ['expiry', 'sweep'],
    async run(t: ClauseContext) {
      const now = Math.floor(t.now());
      const [past, future] = [now - 1_000 - resolutionMs(t), now + FAR_MS];
      const live = [await t.put(t.writer, {}), await t.put(t.writer, { expiresAt: future })];
      const expired: string[] = [];
      for (let i = 0; i < SWEPT; i += 1) expired.push(await t.put(t.writer, { expiresAt: past }));
      const { groups } = t.writer.store;
      const groupIds = [t.id(), t.id()];
      for (const [i, expiresAt] of [past, future].entries()) {
        await groups?.save({ groupId: groupIds[i] ?? '', members: [new ResultNode('m')], parent: null, expiresAt });
      }
      const counts: number[] = [];
      do counts.push(await sweep(t.writer.store, LIMIT));
      while (counts.at(-1) !== 0 && counts.length < 2 * SWEPT);
      const due = SWEPT + (groups ? 1 : 0);
      t.that(Math.max(...counts) <= LIMIT, `sweep(${LIMIT}) removed more than that: it returned ${counts.join(', ')}`);
      t.same(counts.at(-1), 0, `what the last of ${counts.length} sweeps returns`);
      t.same(sumOf(counts), due, `sum of what ${counts.length} sweeps return`);
      t.same(await foundOf(t, [...live, ...expired]), live, 'ids readable after the sweeps');
      if (groups)
        t.that((await groups.load(groupIds[1] ?? '')) !== undefined, 'a group with a deadline to come is gone');
      for (const taskId of t.facts.raw ? expired : []) {
        t.same(await t.raw.read(taskId), undefined, 'what is stored of a swept record');
      }
    },
  },
  {
    id: 'EXP-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A sweep running against a rewrite never removes the record with the later deadline.',
    hint: 'Find and delete in one statement, the deadline in its condition; ids collected first may have been put again meanwhile.',
    source: 'The classic check-then-act',
    needs: ['expiry', 'sweep', 'any-reader'],
    async run(t) {
      const past = Math.floor(t.now()) - 1_000 - resolutionMs(t);
      const { link } = t.writer.handle;
      for (let round = 0; round < t.rounds(OFFSETS); round += 1) {
        const records = Array.from({ length: 8 }, () => t.record({ state: 'FAILURE', expiresAt: past }));
        await t.putAll(t.writer, records);
        await link?.latency(LATENCY_MS);
        const sweeping = sweep(t.writer.store, 100);
        await offset(round % OFFSETS, link !== undefined);
        await t.putAll(
          t.reader,
          records.map((record, i) => ({ ...record, expiresAt: i % 2 ? null : Math.floor(t.now()) + FAR_MS })),
        );
        await sweeping;
        await link?.heal();
        const taskIds = records.map(({ taskId }) => taskId);
        t.same(await foundOf(t, taskIds), taskIds, `ids put again during a sweep, in round ${round}`);
      }
    },
  },
  {
    id: 'EXP-10',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Groups and what is counted of them disappear by the same rule as records.',
    hint: 'Give the group, its members and its counters one deadline, and look at it in save, load, delete and report.',
    source: 'Celery sets the expiry of group keys in save_group; its chord counters live forever where the worker dies',
    needs: ['expiry', 'groups'],
    async run(t) {
      const [mortal, immortal] = [t.id('mortal'), t.id('immortal')];
      const members = [new ResultNode('a'), new ResultNode('b')];
      const save = (groupId: string, expiresAt: number | null) =>
        t.writer.store.groups?.save({ groupId, members, parent: null, expiresAt });
      const groups = t.reader.store.groups;
      if (groups === undefined) return t.fail('the second handle has no groups');
      await save(mortal, Math.floor(t.now()) + FAR_MS);
      await save(immortal, null);
      t.same((await groups.load(mortal))?.members, members, 'members of a group before its deadline');
      await groups.report(mortal, t.record({ taskId: 'a' }));
      await save(mortal, Math.floor(t.now()) + t.ttlMs);
      await passDeadline(t, t.ttlMs, mortal, immortal);
      t.same(await groups.load(mortal), undefined, 'load of a group after its deadline');
      t.same((await groups.load(immortal))?.members, members, 'members of a group without a deadline');
      const report = await groups.report(mortal, t.record({ taskId: 'a' }));
      t.same(report, { reported: 0, last: false }, 'report to a group after its deadline');
      t.same(await groups.delete(mortal), false, 'delete of a group after its deadline');
      await save(mortal, null);
      t.same(
        await groups.report(mortal, t.record({ taskId: 'b' })),
        { reported: 1, last: false },
        'first report to a new group of the same id',
      );
    },
  },
];

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** By the clock where the wire is slow, else by turns of the event loop. */
async function offset(step: number, isSlow: boolean): Promise<void> {
  if (isSlow) await sleep(step * LATENCY_MS);
  else for (let turns = 0; turns < step; turns += 1) await turn();
}
