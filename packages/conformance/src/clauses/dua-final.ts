import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { pairOf, stateOf } from './pair.js';

/** A SUCCESS is final for both sides, whichever has it. */
export const DUA_FINAL: readonly Clause[] = [
  {
    id: 'DUA-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'SUCCESS in either store is final for the pair: a late STARTED becomes readable nowhere.',
    hint: 'Before a write into an empty primary look whether the secondary holds a SUCCESS, and bring it over first.',
    source:
      'Celery backends/base.py _store_result: the guard looks at one store; a new, empty one has nothing to guard',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      const { pair, primary, secondary } = await pairOf(t);
      for (const [what, side] of Object.entries({ 'the old store': secondary, 'the new store': primary })) {
        const taskId = await t.put(side, { result: 'keep' });
        const outcome = await t.putOne(pair, { taskId, state: 'STARTED' });
        t.same(outcome, { applied: false, state: 'SUCCESS' }, `a late STARTED, with the SUCCESS in ${what} alone`);
        t.same((await t.read(pair, taskId))?.result, 'keep', `what the pair reads, with the SUCCESS in ${what}`);
        for (const each of [primary, secondary]) {
          t.that((await stateOf(each, taskId)) !== 'STARTED', `the late STARTED is readable in the ${each.name}`);
        }
      }
      // Whoever writes the old store alone does not ask the new one.
      const taskId = await t.put(pair, { state: 'STARTED' });
      await t.put(secondary, { taskId, state: 'SUCCESS' });
      t.same(await stateOf(pair, taskId), 'SUCCESS', 'a STARTED in the primary beside a SUCCESS in the secondary');
      const failed = await t.put(secondary, { state: 'FAILURE', result: null });
      t.same(await t.putOne(pair, { taskId: failed, state: 'STARTED' }), { applied: true }, 'a put over a FAILURE');
      t.same(await stateOf(pair, failed), 'STARTED', 'a FAILURE of the secondary, put over');
    },
  },
  {
    id: 'DUA-15',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A SUCCESS that the secondary missed reaches it when it is put again.',
    hint: 'Where the primary answers that a SUCCESS is there, give that SUCCESS to the secondary: the first put may not have come so far.',
    source:
      'packages/core/src/contract.ts, ResultStore.put: putting again is safe, and is what a backend does after RB_OUTCOME_UNKNOWN',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      const { pair, primary, secondary } = await pairOf(t);
      const record = t.record({ result: 'first' });
      await t.putAll(primary, [record]);
      t.same(await stateOf(secondary, record.taskId), undefined, 'the secondary before the second put');
      const again = await t.putOne(pair, { ...record, result: 'second' });
      t.same(again, { applied: false, state: 'SUCCESS' }, 'the outcome of the second put');
      t.same((await t.read(secondary, record.taskId))?.result, 'first', 'the secondary after the second put');
    },
  },
];
