import type { PutOutcome } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext, OpenStore } from '../context.js';
import { inStep } from '../in-step.js';
import { CON_BATCHES } from './con-batches.js';

/** One after the other over a writer's round trips (see conformance.md 2.5): a read before a write loses at one of them. */
const OFFSETS_MS = [0, 20, 40, 60, 80];
/** Each way, on the wire of the write that begins first. */
const LATENCY_MS = 20;

const WRITERS = 8;

/** Concurrency and atomicity. */
export const CON: readonly Clause[] = [
  {
    id: 'CON-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Of N concurrent SUCCESS puts on separate handles exactly one is applied, and it is the one read.',
    hint: 'Decide inside the store: one statement with a condition, or one script.',
    source: 'Celery backends/base.py _store_result reads, then writes',
    needs: ['any-reader'],
    async run(t) {
      const writers = [t.writer, t.reader];
      while (writers.length < WRITERS) writers.push(await t.open());
      // What a first put does besides is CON-4's.
      for (const each of writers) await t.put(each);
      for (let round = 0; round < t.rounds(20); round += 1) await race(t, writers, 'separate handles');
    },
  },
  {
    id: 'CON-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A SUCCESS racing with any other put is what remains.',
    hint: 'Make the write conditional in one statement or script; a read followed by a write is not enough.',
    source: 'Celery backends/base.py _store_result reads, then writes',
    needs: ['any-reader'],
    async run(t) {
      for (const state of ['STARTED', 'FAILURE', 'PROGRESS'])
        await overtake(t, [t.writer, state], [t.reader, 'SUCCESS']);
      await overtake(t, [t.writer, 'SUCCESS'], [t.reader, 'STARTED']);
    },
  },
  {
    id: 'CON-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'CON-1 and CON-2 hold through one shared handle.',
    hint: 'WATCH and transactions belong to a connection: calls that share one share their state.',
    source: 'agenda redis-backend lockJob: WATCH on a shared connection',
    needs: ['any-reader'],
    async run(t) {
      const writers = Array.from({ length: WRITERS }, () => t.writer);
      await t.put(t.writer);
      for (let round = 0; round < t.rounds(20); round += 1) await race(t, writers, 'one handle');
      await overtake(t, [t.writer, 'STARTED'], [t.writer, 'SUCCESS']);
      await overtake(t, [t.writer, 'SUCCESS'], [t.writer, 'STARTED']);
    },
  },
  ...CON_BATCHES,
  {
    id: 'CON-8',
    since: '1.0',
    level: 'SHOULD',
    surface: 'store',
    text: 'CON-1 holds between two processes.',
    hint: 'No lock of a process guards a record: decide on the server, or in the file.',
    source: 'design: API and workers are processes of their own',
    needs: ['any-reader', 'second-process'],
    async run(t) {
      const ids = Array.from({ length: t.rounds(50) }, () => t.id());
      const other = await t.secondProcess('race', { taskIds: ids, result: 'theirs' });
      await t.read(t.writer, t.id());
      const succeed = async (taskId: string): Promise<boolean> =>
        isApplied(await t.putOne(t.writer, { taskId, state: 'SUCCESS', result: 'ours' }));
      const [theirs, ours] = await Promise.all([other.run(), inStep(ids, succeed)]);
      const applied = ids.map((_, i) => Number(ours[i]) + Number(theirs[i]));
      t.same(
        applied,
        ids.map(() => 1),
        'how many of two SUCCESS puts by two processes were applied, for each task',
      );
      const read = await t.get(t.reader, ids);
      const results = read.map((outcome) => outcome && 'result' in outcome && outcome.result);
      t.same(
        results,
        ours.map((mine) => (mine ? 'ours' : 'theirs')),
        'results, each of the put that was applied',
      );
    },
  },
];

/** All at once; a jittered start, so that rounds differ. */
async function race(t: ClauseContext, writers: readonly OpenStore[], over: string): Promise<void> {
  const taskId = t.id();
  const outcomes = await Promise.all(
    writers.map((through, i) => t.putOne(through, { taskId, state: 'SUCCESS', result: i })),
  );
  const winners = outcomes.flatMap((outcome, i) => (isApplied(outcome) ? [i] : []));
  t.same(
    winners.length,
    1,
    `how many of ${writers.length} concurrent SUCCESS puts over ${over} were applied (seed ${t.seed})`,
  );
  t.same((await t.read(t.reader, taskId))?.result, winners[0], 'result read, that of the put that was applied');
}

/** A slow write begins, and a fast one after each of the offsets: whichever is the SUCCESS must be applied and remain. */
async function overtake(
  t: ClauseContext,
  [slow, slowState]: readonly [OpenStore, string],
  [fast, fastState]: readonly [OpenStore, string],
): Promise<void> {
  const link = slow === fast ? undefined : slow.handle.link;
  await t.read(slow, t.id());
  await t.read(fast, t.id());
  for (let round = 0; round < t.rounds(link ? 1 : 10); round += 1) {
    for (const offset of link ? OFFSETS_MS : [0]) {
      const taskId = t.id();
      await link?.latency(LATENCY_MS);
      const puts = [
        t.putOne(slow, { taskId, state: slowState, result: slowState }),
        (offset > 0 ? t.sleep(offset) : Promise.resolve()).then(() =>
          t.putOne(fast, { taskId, state: fastState, result: fastState }),
        ),
      ];
      const outcomes = await Promise.all(puts);
      await link?.heal();
      const race = `a slow ${slowState} and a ${fastState} ${offset} ms later (seed ${t.seed})`;
      const success = outcomes[slowState === 'SUCCESS' ? 0 : 1];
      t.same(success, { applied: true }, `outcome of the SUCCESS in a race of ${race}`);
      const found = await t.read(t.reader, taskId);
      t.same([found?.state, found?.result], ['SUCCESS', 'SUCCESS'], `state and result after a race of ${race}`);
    }
  }
}

const isApplied = (outcome: PutOutcome): boolean => 'applied' in outcome && outcome.applied;
