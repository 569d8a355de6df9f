import { setImmediate as turn } from 'node:timers/promises';
import { isResultError, type PutOutcome, ResultError, type ResultStore } from '@rb/core';
import type { World } from '../harness.js';
import { snapshot } from '../reference/snapshot.js';
import { nowOf, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** The model: bugs that show in no single call, but in what came before it. */
export const MOD_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'believes-that-final-ids-stay',
    violates: 'MOD-1',
    on: 'memory',
    sabotage(store) {
      const finals = new Set<string>();
      return {
        ...store,
        async put(records, options) {
          // Saves a round trip, until another handle deletes the record.
          if (records.every(({ taskId }) => finals.has(taskId))) {
            return records.map((): PutOutcome => ({ applied: false, state: 'SUCCESS' }));
          }
          const outcomes = await store.put(records, options);
          for (const [at, { taskId, state }] of records.entries()) {
            const outcome = outcomes[at];
            if (state === 'SUCCESS' && outcome && 'applied' in outcome) finals.add(taskId);
          }
          return outcomes;
        },
        async delete(taskIds, options) {
          for (const taskId of taskIds) finals.delete(taskId);
          return store.delete(taskIds, options);
        },
      };
    },
    exposes: (world) =>
      withTwo(world, async (a, b) => {
        await a.put([sample()]);
        await b.delete(['t']);
        return a.put([sample({ state: 'STARTED' })]);
      }),
  },
  {
    name: 'lifts-only-deadlines-that-it-set',
    violates: 'MOD-1',
    on: 'memory',
    sabotage(store) {
      const set = new Set<string>();
      return {
        ...store,
        async put(given, options) {
          const records = snapshot(given);
          const found = await store.get(records.map(({ taskId }) => taskId));
          const deadlineOf = (at: number): number | null => {
            const outcome = found[at];
            return outcome && 'expiresAt' in outcome ? outcome.expiresAt : null;
          };
          for (const { taskId, expiresAt } of records) if (expiresAt !== null) set.add(taskId);
          return store.put(
            records.map((each, at) => (set.has(each.taskId) ? each : { ...each, expiresAt: deadlineOf(at) })),
            options,
          );
        },
      };
    },
    exposes: (world) =>
      withTwo(world, async (a, b) => {
        const soon = nowOf(world) + 60_000;
        await a.put([sample({ state: 'STARTED', expiresAt: soon })]);
        await b.put([sample({ state: 'RETRY' })]);
        return b.get(['t']);
      }),
  },
  {
    name: 'keeps-the-traceback-of-a-retry',
    violates: 'MOD-1',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async put(given, options) {
        const records = snapshot(given);
        const found = await store.get(records.map(({ taskId }) => taskId));
        // COALESCE(new, old), in the one statement for tasks that are tried again.
        const tracebackOf = (at: number): string | null => {
          const outcome = found[at];
          return outcome && 'state' in outcome && outcome.state === 'RETRY' ? outcome.traceback : null;
        };
        return store.put(
          records.map((each, at) => ({ ...each, traceback: each.traceback ?? tracebackOf(at) })),
          options,
        );
      },
    }),
    exposes: (world) =>
      withTwo(world, async (a, b) => {
        await a.put([sample({ state: 'RETRY', traceback: 'once' })]);
        await a.put([sample()]);
        return b.get(['t']);
      }),
  },
  {
    name: 'counts-deleted-ids-by-reading-them',
    violates: 'MOD-1',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async delete(taskIds, options) {
        const found = await store.get(taskIds, options);
        await store.delete(taskIds, options);
        return found.filter(Boolean).length;
      },
    }),
    exposes: (world) =>
      withTwo(world, async (a, b) => {
        await a.put([sample({ state: 'STARTED' })]);
        return b.delete(['t', 't']);
      }),
  },
  {
    name: 'repeats-a-delete-that-was-cut',
    violates: 'MOD-2',
    on: 'wire',
    sabotage: (store) => ({
      ...store,
      // The second finds what the first left: nothing.
      delete: (taskIds, options) =>
        store.delete(taskIds, options).catch(ifUnknown(() => store.delete(taskIds, options))),
    }),
    exposes: (world) => whileCut(world, (store) => store.delete(['t'])),
  },
  {
    name: 'repeats-a-put-that-was-cut',
    violates: 'MOD-2',
    on: 'wire',
    sabotage: (store) => ({
      ...store,
      put: (records, options) => store.put(records, options).catch(ifUnknown(() => store.put(records, options))),
    }),
    exposes: (world) => whileCut(world, (store) => store.put([sample({ taskId: 'u' })])),
  },
  {
    name: 'calls-an-unknown-outcome-unavailable',
    violates: 'MOD-2',
    on: 'wire',
    sabotage: (store) => ({
      ...store,
      put: (records, options) =>
        store.put(records, options).catch(
          ifUnknown((cause) => {
            throw new ResultError('RB_UNAVAILABLE', 'the connection was lost', { cause });
          }),
        ),
    }),
    exposes: (world) => whileCut(world, (store) => store.put([sample({ taskId: 'u' })])),
  },
  {
    name: 'joins-a-read-under-way',
    violates: 'MOD-3',
    on: 'memory',
    sabotage(store) {
      const underWay = new Map<string, ReturnType<ResultStore['get']>>();
      return {
        ...store,
        async get(taskIds, options) {
          const key = JSON.stringify(taskIds);
          // Spares the server equal reads; but the second began after a write that the first did not see.
          const shared = underWay.get(key) ?? store.get(taskIds, options);
          underWay.set(key, shared);
          const [answer] = await Promise.all([shared, turn()]).finally(() => underWay.delete(key));
          return answer;
        },
      };
    },
    exposes: (world) =>
      withTwo(world, async (a) => {
        const before = a.get(['t']);
        await a.put([sample({ state: 'STARTED' })]);
        const after = await a.get(['t']);
        await before;
        return after;
      }),
  },
  {
    name: 'counts-a-delete-by-a-read-before-it',
    violates: 'MOD-3',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async delete(taskIds, options) {
        const found = await store.get([...new Set(taskIds)], options);
        await store.delete(taskIds, options);
        return found.filter(Boolean).length;
      },
    }),
    exposes: (world) =>
      withTwo(world, async (a, b) => {
        await a.put([sample({ state: 'STARTED' })]);
        return Promise.all([a.delete(['t']), b.delete(['t'])]);
      }),
  },
];

async function withTwo(world: World, see: (a: ResultStore, b: ResultStore) => Promise<unknown>): Promise<unknown> {
  return see(await storeOf(world), await storeOf(world));
}

/** Handles the loss of an answer, and lets other errors through. */
const ifUnknown =
  <T>(handle: (error: ResultError) => T) =>
  (error: unknown): T => {
    if (isResultError(error) && error.code === 'RB_OUTCOME_UNKNOWN') return handle(error);
    throw error;
  };

/** What a call gives whose request arrives and whose answer is lost; the code of its error where it rejects. */
async function whileCut(world: World, call: (store: ResultStore) => Promise<unknown>): Promise<unknown> {
  const handle = await world.open();
  if (!handle?.link) throw new Error('the world opens no handle with a link');
  await handle.store.put([sample()]);
  await handle.link.cutAfter(1, 'replies');
  return call(handle.store).catch((error: unknown) => (isResultError(error) ? error.code : error));
}
