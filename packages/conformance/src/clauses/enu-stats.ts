import { ResultNode, type StoreStats } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { resolutionMs } from './deadlines.js';
import { scanned } from './scanning.js';

const DONE_AT = 1_700_000_000_123;

/** Statistics, and scans of nothing. */
export const ENU_STATS: readonly Clause[] = [
  {
    id: 'ENU-13',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: '`stats` counts the unexpired records by state and names the oldest `doneAt`; where it estimates it says so, and its numbers add up; what is stored takes some `bytes`.',
    hint: 'Leave out expired records and groups; say `estimated: true` where the numbers come from a sample or the planner.',
    source: 'The contract, StoreStats',
    needs: ['stats'],
    async run(t) {
      await counts(t, {}, null, 'of an empty store');
      const oldest = await t.put(t.writer, { state: 'SUCCESS', doneAt: DONE_AT });
      await t.put(t.writer, { state: 'FAILURE', doneAt: DONE_AT + 1_000 });
      await t.put(t.writer, { state: 'SUCCESS', doneAt: DONE_AT + 2_000 });
      const started = await t.put(t.writer, { state: 'STARTED', doneAt: null });
      await t.put(t.writer, { state: 'PROGRESS', doneAt: null });
      await counts(t, { SUCCESS: 2, FAILURE: 1, STARTED: 1, PROGRESS: 1 }, DONE_AT, 'of five records');
      if (t.reader.bare.expiry) {
        await t.put(t.writer, { state: 'SUCCESS', doneAt: 1, expiresAt: Math.floor(t.now()) - 1 - resolutionMs(t) });
      }
      await t.writer.store.groups?.save({
        groupId: 'g',
        members: [new ResultNode('m')],
        parent: null,
        expiresAt: null,
      });
      await t.put(t.writer, { taskId: started, state: 'SUCCESS', doneAt: DONE_AT + 3_000 });
      await t.writer.store.delete([oldest]);
      await counts(t, { SUCCESS: 2, FAILURE: 1, PROGRESS: 1 }, DONE_AT + 1_000, 'after a rewrite and a delete');
    },
  },
  {
    id: 'ENU-14',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A scan of an empty store, or of one whose records are all deleted, yields no record and ends.',
    hint: 'Look at a first page that is empty before you take its last record for the cursor.',
    source: 'The contract, ScanCapability',
    needs: ['scan'],
    async run(t) {
      t.same(await scanned(t.reader), [], 'what a scan of an empty store yields');
      const taskId = await t.put(t.writer);
      t.same((await scanned(t.reader)).length, 1, 'number of records that a scan of a store of one yields');
      await t.writer.store.delete([taskId]);
      t.same(await scanned(t.reader), [], 'what a scan after the delete yields');
    },
  },
];

async function counts(
  t: ClauseContext,
  byState: Readonly<Record<string, number>>,
  oldestDoneAt: number | null,
  when: string,
): Promise<void> {
  const stats = await t.reader.store.stats?.read();
  if (stats === undefined) return t.fail('the second handle has no stats');
  t.that(isSound(stats), `statistics ${when} do not add up, or are no counts: ${JSON.stringify(stats)}`);
  if (stats.estimated) return;
  t.same(withoutZeros(stats.byState), byState, `byState ${when}`);
  t.same(stats.oldestDoneAt, oldestDoneAt, `oldestDoneAt ${when}`);
}

function isSound({ byState, total, bytes, estimated }: StoreStats): boolean {
  if (total > 0 && bytes === 0) return false;
  const numbers = [...Object.values(byState), total, bytes ?? 0];
  const sum = Object.values(byState).reduce((all, count) => all + count, 0);
  return numbers.every((number) => Number.isFinite(number) && number >= 0) && (estimated || sum === total);
}

const withoutZeros = (byState: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(byState).filter(([, count]) => count !== 0));
