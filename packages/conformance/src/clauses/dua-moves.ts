import { ResultError, type ResultStore, type TaskRecord } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext, OpenStore } from '../context.js';
import { dualOf, type Pair, pairOf } from './pair.js';

/** Few records on small pages: enough for a page in the middle, and quick to begin anew. */
const RECORDS = 7;
const PAGE_SIZE = 3;

/** Moving what is stored from one side to the other, and seeing whether it arrived. */
export const DUA_MOVES: readonly Clause[] = [
  {
    id: 'DUA-10',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Backfill, interrupted at any point and resumed, equals backfill uninterrupted; run twice, it changes nothing.',
    hint: 'Tell of a page by onPage only when all of it is in the target.',
    source: 'A backfill of days is interrupted: it goes on from a cursor',
    needs: ['dual', 'any-reader', 'scan'],
    async run(t: ClauseContext) {
      const { primary: source, secondary: target } = await pairOf(t);
      const records = Array.from({ length: RECORDS }, (_, i) =>
        t.record({ state: i % 3 ? 'SUCCESS' : 'STARTED', result: i }),
      );
      const ids = records.map(({ taskId }) => taskId);
      await t.putAll(source, records);
      const expected = await t.get(source, ids);

      for (const isApplied of [false, true]) {
        for (let calls = 1, isInterrupted = true; isInterrupted; calls += 1) {
          await target.store.delete(ids);
          let after: string | undefined;
          const onPage = (cursor: string): void => {
            after = cursor;
          };
          const broken = breaking(target.store, calls, isApplied);
          const what = `a backfill whose call ${calls} of the target was cut off`;
          const options = { source: source.store, pageSize: PAGE_SIZE };
          const end = await dualOf(t)
            .backfill({ ...options, target: broken.store, onPage })
            .then(
              () => 'resolves',
              () => 'rejects',
            );
          isInterrupted = broken.isBroken();
          t.same(end, isInterrupted ? 'rejects' : 'resolves', isInterrupted ? what : 'a backfill that nothing cut off');
          if (isInterrupted) await dualOf(t).backfill({ ...options, target: target.store, after });
          t.same(await t.get(target, ids), expected, `the target after ${what}, and resumed`);
        }
      }
      await dualOf(t).backfill({ source: source.store, target: target.store });
      t.same(await t.get(target, ids), expected, 'the target after one more backfill');
      t.same(await t.get(source, ids), expected, 'the source after all of them');
    },
  },
  {
    id: 'DUA-11',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Backfill never replaces a newer or final record in the target, nor one that is written while it runs.',
    hint: 'Read the target before each page; afterwards read the source again, and copy what has changed meanwhile.',
    source: 'Backfill runs under load; the rule of states protects SUCCESS alone',
    needs: ['dual', 'any-reader', 'scan'],
    async run(t: ClauseContext) {
      const moved = await pairOf(t);
      const { primary: source, secondary: target } = moved;
      const now = Math.floor(t.now());
      const failure = { state: 'FAILURE', result: null };
      const cases: Readonly<Record<string, readonly [Partial<TaskRecord>, Partial<TaskRecord>, 'source' | 'target']>> =
        {
          'a SUCCESS of the target': [
            { state: 'SUCCESS', result: 'old' },
            { state: 'SUCCESS', result: 'new' },
            'target',
          ],
          'a FAILURE done later': [{ ...failure, doneAt: now - 9_000 }, { ...failure, doneAt: now }, 'target'],
          'a FAILURE where the source has STARTED': [{ state: 'STARTED' }, failure, 'target'],
          'a FAILURE where the source has SUCCESS': [{ state: 'SUCCESS' }, { ...failure, doneAt: now }, 'source'],
          'a FAILURE done earlier': [{ ...failure, doneAt: now }, { ...failure, doneAt: now - 9_000 }, 'source'],
        };
      const expected = new Map<string, unknown>();
      for (const [what, [left, right, winner]] of Object.entries(cases)) {
        const taskId = await t.put(source, left);
        await t.put(target, { ...right, taskId });
        expected.set(what, await t.read(winner === 'source' ? source : target, taskId));
        expected.set(`${what}, id`, taskId);
      }
      const written = await writtenMeanwhile(t, moved);
      await dualOf(t).backfill({ source: source.store, target: written.target, pageSize: PAGE_SIZE });
      for (const what of Object.keys(cases)) {
        t.same(await t.read(target, expected.get(`${what}, id`) as string), expected.get(what), what);
      }
      for (const [taskId, state] of written.states) {
        t.same((await t.read(target, taskId))?.state, state, `a ${state} that the pair wrote while the backfill ran`);
      }
    },
  },
  {
    id: 'DUA-12',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'verify reports exactly the injected divergences: missing, extra, different.',
    hint: 'Compare both ways: what the primary has with the secondary, then what the secondary has alone.',
    source: 'Before a cut-over somebody has to know that nothing is missing',
    needs: ['dual', 'any-reader', 'scan'],
    async run(t: ClauseContext) {
      const { pair, primary, secondary } = await pairOf(t);
      await t.putAll(
        pair,
        Array.from({ length: RECORDS }, (_, i) => t.record({ result: { i } })),
      );
      t.same(await differencesOf(t, primary, secondary), [], 'what verify reports of two stores that agree');
      const injected = [
        `missing ${await t.put(primary)}`,
        `extra ${await t.put(secondary)}`,
        `different ${await t.put(secondary, { taskId: await t.put(primary, { result: 1 }), result: 2 })}`,
        `different ${await t.put(secondary, { taskId: await t.put(primary), state: 'STARTED' })}`,
      ];
      t.same(
        await differencesOf(t, primary, secondary),
        injected.toSorted(),
        'what verify reports of four divergences',
      );
    },
  },
];

async function differencesOf(t: ClauseContext, primary: OpenStore, secondary: OpenStore): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { kind, taskId } of dualOf(t).verify({ primary: primary.store, secondary: secondary.store })) {
    found.push(`${kind} ${taskId}`);
  }
  return found.sort();
}

/** The same store, of which one call fails: before it does anything, or after it did all. */
function breaking(
  store: ResultStore,
  at: number,
  isApplied: boolean,
): { readonly store: ResultStore; isBroken(): boolean } {
  let calls = 0;
  const broken = async <T>(call: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls !== at) return call();
    if (isApplied) await call();
    throw new ResultError(isApplied ? 'RB_OUTCOME_UNKNOWN' : 'RB_UNAVAILABLE', `call ${at} was cut off`);
  };
  return {
    isBroken: () => calls >= at,
    store: {
      ...store,
      get: (taskIds, options) => broken(() => store.get(taskIds, options)),
      put: (records, options) => broken(() => store.put(records, options)),
    },
  };
}

/** A target into which, with everything the backfill writes there first, a pair writes what is newer: as under load. */
async function writtenMeanwhile(
  t: ClauseContext,
  { pair, primary: source, secondary: target }: Pair,
): Promise<{ readonly target: ResultStore; readonly states: ReadonlyMap<string, string> }> {
  const states = new Map<string, string>();
  for (const state of ['SUCCESS', 'FAILURE', 'RETRY']) states.set(await t.put(source, { state: 'STARTED' }), state);
  const due = new Map(states);
  return {
    states,
    target: {
      ...target.store,
      async put(records, options) {
        for (const { taskId } of records) {
          const state = due.get(taskId);
          if (state && due.delete(taskId)) await t.put(pair, { taskId, state, result: state === 'SUCCESS' ? 1 : null });
        }
        return target.store.put(records, options);
      },
    },
  };
}
