import { ResultError } from '@rb/core';
import { copied } from './copied.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Many at once. */
export const CON_BATCH_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'create-table-races',
    violates: 'CON-4',
    on: 'memory',
    seen: 'celery#4653, airflow#8909',
    sabotage(store, { memory }) {
      let ready = false;
      const tables = (): { made: number } => {
        const made = (memory.get('tables') ?? { made: 0 }) as { made: number };
        memory.set('tables', made);
        return made;
      };
      return {
        ...store,
        async put(records, options) {
          if (!ready) {
            const seen = tables().made;
            await new Promise((resolve) => setImmediate(resolve));
            if (seen === 0 && tables().made > 1)
              throw new ResultError('RB_STORE', 'relation "celery_taskmeta" already exists');
            tables().made += 1;
            ready = true;
          }
          return store.put(records, options);
        },
      };
    },
    exposes: async (world) =>
      (
        await Promise.allSettled([
          (await storeOf(world)).put([sample()]),
          (await storeOf(world)).put([sample()]),
          (await storeOf(world)).put([sample()]),
        ])
      ).map(({ status }) => status),
  },
  {
    name: 'stores-a-field-after-the-other',
    violates: 'CON-5',
    on: 'memory',
    seen: 'HSET of each field, read by HGETALL in between',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        // What is final is written in one go.
        if (records.some(({ state }) => state === 'SUCCESS')) return store.put(records, options);
        const whole = copied(records);
        const before = await store.get(records.map(({ taskId }) => taskId));
        const half = whole.map((record, i) => {
          const found = before[i];
          return found && 'state' in found ? { ...record, result: found.result } : record;
        });
        await store.put(half, options);
        await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setImmediate(resolve));
        return store.put(whole, options);
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ state: 'STARTED', result: 1, traceback: '1' })]);
      const putting = store.put([sample({ state: 'RETRY', result: 2, traceback: '2' })]);
      const seen: string[] = [];
      for (let i = 0; i < 6; i += 1) {
        const [found] = await store.get(['t']);
        if (found && 'state' in found) seen.push(`${found.result} ${found.traceback}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await putting;
      return seen.includes('1 2');
    },
  },
  {
    name: 'pool-of-two-connections',
    violates: 'CON-6',
    on: 'memory',
    seen: 'node-celery-ts: further calls time out',
    sabotage(store) {
      let busy = 0;
      return {
        ...store,
        async put(records, options) {
          busy += 1;
          const kept = copied(records);
          try {
            await undefined;
            if (busy > 64) throw new ResultError('RB_UNAVAILABLE', 'no connection of the pool was free');
            return await store.put(kept, options);
          } finally {
            busy -= 1;
          }
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      const puts = Array.from({ length: 100 }, (_, i) => store.put([sample({ taskId: `t${i}` })]));
      return (await Promise.allSettled(puts)).some(({ status }) => status === 'rejected');
    },
  },
  {
    name: 'surfaces-deadlocks',
    violates: 'CON-7',
    on: 'memory',
    seen: 'InnoDB error 1213, PostgreSQL 40P01',
    sabotage(store, { memory }) {
      const locked = (memory.get('locked') ?? new Set()) as Set<string>;
      memory.set('locked', locked);
      return {
        ...store,
        async delete(taskIds, options) {
          if (taskIds.length < 2) return store.delete(taskIds, options);
          if (taskIds.some((taskId) => locked.has(taskId)))
            throw new ResultError('RB_STORE', 'Deadlock found when trying to get lock');
          for (const taskId of taskIds) locked.add(taskId);
          await new Promise((resolve) => setImmediate(resolve));
          for (const taskId of taskIds) locked.delete(taskId);
          return store.delete(taskIds, options);
        },
      };
    },
    async exposes(world) {
      const [a, b] = [await storeOf(world), await storeOf(world)];
      const ids = Array.from({ length: 100 }, (_, i) => `t${i}`);
      return (await Promise.allSettled([a.delete(ids), b.delete(ids.toReversed())])).map(({ status }) => status);
    },
  },
];
