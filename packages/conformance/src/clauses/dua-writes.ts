import type { TaskRecord } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { pairOf, refusing, stateOf, unreachable } from './pair.js';

/** What a write through a pair does to its sides. */
export const DUA_WRITES: readonly Clause[] = [
  {
    id: 'DUA-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A put through the pair is readable, equal, in both stores.',
    hint: 'Await both writes before the put resolves, and give the secondary the record as it came.',
    source: 'Dual write: either store alone must be able to take over',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      const { pair, primary, secondary, divergences } = await pairOf(t);
      const records = ['STARTED', 'RETRY', 'SUCCESS', 'FAILURE', 'HALFWAY'].map((state) =>
        t.record({
          state,
          result: state === 'FAILURE' || state === 'RETRY' ? null : { of: state },
          // One side may keep what the other drops.
          meta: { name: state, note: state },
        }),
      );
      const [started] = records as [TaskRecord];
      await t.putAll(pair, records);
      await t.putAll(pair, [{ ...started, state: 'SUCCESS', result: 'later', doneAt: 1_767_225_600_000 }]);
      for (const { taskId, state } of records) {
        const expected = await t.read(pair, taskId);
        t.that(expected !== undefined, `a ${state} put through the pair reads as undefined through the pair`);
        t.same(await t.read(primary, taskId), expected, `the primary's copy of a ${state}`);
        t.same(await t.read(secondary, taskId), expected, `the secondary's copy of a ${state}`);
      }
      t.same((await t.read(secondary, started.taskId))?.result, 'later', "the secondary's copy of a record put again");
      t.same(divergences.length, 0, 'divergences told of while both sides work');
    },
  },
  {
    id: 'DUA-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'When the primary refuses, put rejects or names the refused record, and the record is not readable through the pair.',
    hint: 'Write the primary first, and give the secondary only what the primary took: a read falls back on it.',
    source: 'Fallback is on a miss, so that a copy alone is as good as a record',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      const away = await pairOf(t, { primary: unreachable('put') });
      const lost = t.record();
      await t.rejects(away.pair.store.put([lost]), 'RB_UNAVAILABLE', 'a put while the primary cannot be reached');
      t.same(
        await stateOf(away.pair, lost.taskId),
        undefined,
        'a record that the primary did not take, through the pair',
      );
      t.same(await stateOf(away.secondary, lost.taskId), undefined, 'the same record in the secondary');

      const [large, sound] = [t.record(), t.record()];
      const choosy = await pairOf(t, { primary: refusing(large.taskId) });
      const [refused, taken] = await t.putAll(choosy.pair, [large, sound]);
      t.that(
        refused !== undefined && 'refused' in refused,
        'a record that the primary refused is not refused by the pair',
      );
      t.same(taken, { applied: true }, 'the outcome of the record beside the refused one');
      t.same(
        await stateOf(choosy.pair, large.taskId),
        undefined,
        'a record that the primary refused, through the pair',
      );
      t.same(await stateOf(choosy.secondary, large.taskId), undefined, 'the same record in the secondary');
      t.same(await stateOf(choosy.secondary, sound.taskId), 'SUCCESS', 'the record beside it, in the secondary');
    },
  },
  {
    id: 'DUA-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'When the secondary refuses, put resolves, and the divergence is reported once, with the id.',
    hint: 'Catch what the secondary rejects, look at each of its outcomes, and call onDivergence for every task that it misses.',
    source:
      'A divergence nobody hears of is found at the cut-over; Celery users who wrote two backends by hand and only printed the error',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      const records = [t.record(), t.record({ state: 'STARTED' }), t.record()];
      const ids = records.map(({ taskId }) => taskId);
      const away = await pairOf(t, { secondary: unreachable('put', 'get') });
      const outcomes = await t.putAll(away.pair, records);
      t.same(outcomes, Array(3).fill({ applied: true }), 'a put while the secondary cannot be reached');
      await t.eventually('the divergences are told of', () => away.divergences.length >= ids.length);
      await t.quiet();
      t.same(
        away.divergences.map(({ taskId }) => taskId).sort(),
        ids.toSorted(),
        'ids told of, of three tasks that miss',
      );
      for (const { error } of away.divergences) t.same(error.code, 'RB_UNAVAILABLE', 'what is told of a divergence');
      t.same(await stateOf(away.primary, ids[0] as string), 'SUCCESS', 'the record in the primary');

      const [large, sound] = [t.record(), t.record()];
      const choosy = await pairOf(t, { secondary: refusing(large.taskId) });
      t.same(
        await t.putAll(choosy.pair, [large, sound]),
        Array(2).fill({ applied: true }),
        'a put of which one is refused',
      );
      await t.eventually('the divergence is told of', () => choosy.divergences.length > 0);
      await t.quiet();
      t.same(
        choosy.divergences.map(({ taskId }) => taskId),
        [large.taskId],
        'ids told of where one of two is refused',
      );
      t.same(await stateOf(choosy.secondary, sound.taskId), 'SUCCESS', 'the record beside it, in the secondary');
    },
  },
  {
    id: 'DUA-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'delete removes from both stores and counts an id once.',
    hint: 'Delete every id in both, whatever either had; count those of the primary and those that the secondary alone had.',
    source: 'packages/core/src/contract.ts, ResultStore.delete; a copy that stays is back at the next read',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      const { pair, primary, secondary } = await pairOf(t);
      const [both, kept] = [await t.put(pair), await t.put(pair)];
      const old = await t.put(secondary);
      const alone = await t.put(primary);
      const unknown = t.id();
      const count = await pair.store.delete([both, old, alone, unknown, both]);
      t.same(count, 3, 'delete of an id in both, one in either alone, and an unknown one');
      for (const [what, taskId] of Object.entries({ both, old, alone })) {
        for (const side of [pair, primary, secondary]) {
          t.same(await stateOf(side, taskId), undefined, `a deleted record (${what}) read through ${side.name}`);
        }
      }
      t.same(await stateOf(pair, kept), 'SUCCESS', 'a record that was not deleted');
      t.same(await pair.store.delete([both, old, alone]), 0, 'the same delete once more');
    },
  },
  {
    id: 'DUA-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Both copies carry the same absolute deadline, however long the write of the first takes.',
    hint: 'Pass expiresAt on as it came; a time to live counted anew for the secondary ends later.',
    source: 'packages/core/src/contract.ts, TaskRecord.expiresAt; a migration keeps the remaining time to live',
    needs: ['dual', 'any-reader', 'expiry'],
    async run(t: ClauseContext) {
      const { clock } = t.world;
      const { pair, primary, secondary } = await pairOf(t, {
        primary: (store) => ({
          ...store,
          async put(records, options) {
            const outcomes = await store.put(records, options);
            // A slow primary.
            await (clock.kind === 'virtual' ? t.pass(t.ttlMs / 10) : t.sleep(SLOW_MS));
            return outcomes;
          },
        }),
      });
      const resolutionMs = pair.bare.expiry?.resolutionMs ?? 0;
      const expiresAt = Math.floor(t.now()) + t.ttlMs * 100;
      const taskId = await t.put(pair, { state: 'STARTED', expiresAt });
      for (const side of [primary, secondary]) {
        const found = (await t.read(side, taskId))?.expiresAt;
        const isSame = typeof found === 'number' && Math.abs(found - expiresAt) <= resolutionMs;
        t.that(isSame, `the deadline in the ${side.name}: expected ${expiresAt}, got ${found}`);
      }
      await t.put(pair, { taskId, state: 'RETRY', result: null });
      for (const side of [primary, secondary]) {
        t.same((await t.read(side, taskId))?.expiresAt, null, `the deadline in the ${side.name}, once lifted`);
      }
    },
  },
];

/** More than any resolution that a copy's deadline may be rounded by, where the resolution is fine. */
const SLOW_MS = 30;
