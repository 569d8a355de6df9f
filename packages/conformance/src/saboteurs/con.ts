import { isFinal, type PutOutcome, type ResultStore, type TaskRecord } from '@rb/core';
import { CON_BATCH_SABOTEURS } from './con-batches.js';
import { CON_ORDER_SABOTEURS } from './con-order.js';
import { copied } from './copied.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Celery's way: read the state, then write whatever it was meanwhile. */
const readThenWrite = (store: ResultStore, pauseMs: number): ResultStore => ({
  ...store,
  async put(records, options) {
    if (records.length === 0) return store.put(records, options);
    const outcomes: PutOutcome[] = [];
    for (const record of copied(records)) {
      const [before] = await store.get([record.taskId], options);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const isKept = before !== undefined && 'state' in before && isFinal(before.state);
      outcomes.push(...(isKept ? [{ applied: false, state: before.state } as const] : await overwrite(store, record)));
    }
    return outcomes;
  },
});

async function overwrite(store: ResultStore, record: TaskRecord): ReturnType<ResultStore['put']> {
  const outcomes = await store.put([record]);
  if (outcomes.every((outcome) => 'applied' in outcome && !outcome.applied)) {
    await store.delete([record.taskId]);
    return store.put([record]);
  }
  return outcomes;
}

async function raceOf(stores: readonly ResultStore[]): Promise<unknown> {
  await Promise.all(stores.map((store) => store.get(['t'])));
  const outcomes = await Promise.all(stores.map((store, i) => store.put([sample({ result: i })])));
  return outcomes.flat().filter((outcome) => 'applied' in outcome && outcome.applied).length;
}

/** Concurrency and atomicity. */
export const CON_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'read-then-write',
    violates: 'CON-1',
    on: 'wire',
    seen: 'Celery backends/base.py _store_result',
    sabotage: (store) => readThenWrite(store, 0),
    exposes: async (world) => raceOf([await storeOf(world), await storeOf(world), await storeOf(world)]),
  },
  {
    name: 'read-then-write-of-unready-states',
    violates: 'CON-2',
    on: 'wire',
    seen: 'Celery backends/base.py _store_result',
    sabotage: (store) => {
      const careless = readThenWrite(store, 0);
      return {
        ...store,
        put: (records, options) =>
          records.every(({ state }) => state !== 'SUCCESS')
            ? careless.put(records, options)
            : store.put(records, options),
      };
    },
    async exposes(world) {
      const [slow, fast] = [await world.open(), await world.open()];
      await Promise.all([slow?.store.get(['t']), fast?.store.get(['t'])]);
      await slow?.link?.latency(20);
      const late = slow?.store.put([sample({ state: 'PROGRESS' })]);
      await new Promise((resolve) => setTimeout(resolve, 40));
      await fast?.store.put([sample()]);
      await late;
      return fast?.store.get(['t']);
    },
  },
  ...CON_ORDER_SABOTEURS,
  {
    name: 'watches-on-a-shared-connection',
    violates: 'CON-3',
    on: 'memory',
    seen: 'agenda redis-backend lockJob: WATCH/MULTI on one connection',
    sabotage(store) {
      // Like WATCH: who else wrote is noticed, unless it was this connection itself.
      let busy = 0;
      return {
        ...store,
        async put(records, options) {
          busy += 1;
          const shared = busy > 1;
          const kept = copied(records);
          try {
            await undefined;
            const outcomes = await store.put(kept, options);
            if (!shared || records.length > 1) return outcomes;
            return await Promise.all(kept.map((record) => overwrite(store, record))).then((all) => all.flat());
          } finally {
            busy -= 1;
          }
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      return raceOf([store, store, store]);
    },
  },
  ...CON_BATCH_SABOTEURS,
  {
    name: 'locks-within-its-process',
    violates: 'CON-8',
    on: 'wire',
    seen: 'a mutex in a module',
    sabotage(store, { memory }) {
      const locks = memory as Map<string, Promise<unknown>>;
      const locked = <T>(taskId: string, run: () => Promise<T>): Promise<T> => {
        const next = (locks.get(taskId) ?? Promise.resolve()).then(run);
        locks.set(
          taskId,
          next.catch(() => {}),
        );
        return next;
      };
      const careless = readThenWrite(store, 5);
      return {
        ...store,
        async put(records, options) {
          if (records.length === 0) return store.put(records, options);
          const puts = copied(records).map((each) => locked(each.taskId, () => careless.put([each], options)));
          return (await Promise.all(puts)).flat();
        },
      };
    },
    async exposes(world, harness) {
      // As another process sees it.
      const [ours, theirs] = [await storeOf(world), await storeOf(await harness.world(world.token))];
      await Promise.all([ours.get(['t']), theirs.get(['t'])]);
      return raceOf([ours, theirs]);
    },
  },
];
