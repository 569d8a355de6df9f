import { isReady, type TaskRecord } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { pairOf, stateOf, unreachable } from './pair.js';

/** What is read through a pair, and told by it. */
export const DUA_READS: readonly Clause[] = [
  {
    id: 'DUA-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A record only in the secondary is readable through the pair.',
    hint: 'Ask the secondary for every id that the primary answers with undefined: a miss is no error.',
    source: 'Recipes for Celery: a fallback on exceptions alone makes history invisible the moment it is deployed',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      const { pair, secondary } = await pairOf(t);
      const [old, recent] = [t.record({ result: 'old' }), t.record({ result: 'recent' })];
      await t.putAll(secondary, [old]);
      await t.putAll(pair, [recent]);
      const expected = await t.read(secondary, old.taskId);
      t.that(expected !== undefined, 'a record put into the secondary reads as undefined there');
      const found = await t.get(pair, [t.id(), old.taskId, recent.taskId, old.taskId]);
      t.same(
        found,
        [undefined, expected, await t.read(pair, recent.taskId), expected],
        'get([unknown, old, recent, old])',
      );
      t.same((found[2] as TaskRecord | undefined)?.result, 'recent', 'the record in both');
    },
  },
  {
    id: 'DUA-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A watcher is told once per ready record.',
    hint: 'Both stores tell of one write: pass the first on and leave out its echo.',
    source: 'Two stores, one answer',
    needs: ['dual', 'any-reader', 'notify'],
    async run(t: ClauseContext) {
      const { pair } = await pairOf(t);
      const other = await pairOf(t);
      const [done, failed] = [t.id(), t.id()];
      const watching = await t.watch(pair, [done, failed]);
      await t.put(other.pair, { taskId: done, state: 'STARTED' });
      await t.put(other.pair, { taskId: done, state: 'SUCCESS' });
      await t.put(pair, { taskId: failed, state: 'FAILURE', result: null });
      await watching.until(
        'a SUCCESS put through another pair',
        ({ taskId, state }) => taskId === done && isReady(state),
      );
      await watching.until(
        'a FAILURE put through this pair',
        ({ taskId, state }) => taskId === failed && isReady(state),
      );
      await t.quiet();
      t.same(watching.states(done).filter(isReady), ['SUCCESS'], 'ready states told of the one task');
      t.same(watching.states(failed).filter(isReady), ['FAILURE'], 'ready states told of the other');
    },
  },
  {
    id: 'DUA-16',
    since: '1.0',
    level: 'SHOULD',
    surface: 'store',
    text: 'A watcher is told of a ready record that somebody wrote into the secondary alone.',
    hint: 'Subscribe to both stores: who does not know of the pair yet still writes the old one.',
    source: 'Reads fall back, so waiting does',
    needs: ['dual', 'any-reader', 'notify'],
    async run(t: ClauseContext) {
      const { pair, secondary } = await pairOf(t);
      const taskId = t.id();
      const watching = await t.watch(pair, [taskId]);
      await t.put(secondary, { taskId, result: 'old way' });
      const told = await watching.until('a SUCCESS put into the secondary', (record) => record.taskId === taskId);
      t.same(told, await t.read(pair, taskId), 'what was told');
    },
  },
  {
    id: 'DUA-17',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'While the secondary cannot be reached, what the primary lacks rejects instead of reading as nothing; a SUCCESS in the primary is read all the same.',
    hint: 'Let the error of the fallback through where an id was missed; do not ask the secondary for what is final already.',
    source: 'REC-2: an unanswered read is no answer',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      const { pair, primary, secondary } = await pairOf(t, { secondary: unreachable('get') });
      const old = await t.put(secondary);
      const recent = await t.put(primary);
      t.same(await stateOf(pair, recent), 'SUCCESS', 'a SUCCESS of the primary');
      await t.rejects(pair.store.get([old]), 'RB_UNAVAILABLE', 'a get of what the secondary alone holds');
    },
  },
];
