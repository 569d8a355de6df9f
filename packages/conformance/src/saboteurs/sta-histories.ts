import { nowOf, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** A second history of an id, and what leaves none. */
export const STA_HISTORY_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'tombstone-blocks-reuse',
    violates: 'STA-7',
    on: 'memory',
    sabotage: (store, { memory }) => {
      const dead = (memory.get('dead') ?? new Set()) as Set<string>;
      memory.set('dead', dead);
      return {
        ...store,
        async delete(taskIds, options) {
          const found = await store.get(taskIds);
          for (const outcome of found)
            if (outcome && 'state' in outcome && outcome.state === 'SUCCESS') dead.add(outcome.taskId);
          return store.delete(taskIds, options);
        },
        async put(records, options) {
          const outcomes = await store.put(
            records.filter(({ taskId }) => !dead.has(taskId)),
            options,
          );
          const left = [...outcomes];
          return records.map(({ taskId }) =>
            dead.has(taskId) ? { applied: false, state: 'SUCCESS' } : (left.shift() ?? { applied: true }),
          );
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample()]);
      await store.delete(['t']);
      return store.put([sample({ state: 'STARTED' })]);
    },
  },
  {
    name: 'guards-what-has-expired',
    violates: 'STA-8',
    on: 'memory',
    seen: 'WHERE state <> SUCCESS, without a look at the deadline',
    sabotage: (store, { memory }) => {
      const final = (memory.get('final') ?? new Set()) as Set<string>;
      memory.set('final', final);
      return {
        ...store,
        async delete(taskIds, options) {
          for (const taskId of taskIds) final.delete(taskId);
          return store.delete(taskIds, options);
        },
        async put(records, options) {
          const outcomes = await store.put(
            records.filter(({ taskId }) => !final.has(taskId)),
            options,
          );
          const left = [...outcomes];
          const all = records.map(({ taskId }) =>
            final.has(taskId)
              ? { applied: false as const, state: 'SUCCESS' }
              : (left.shift() ?? { applied: true as const }),
          );
          records.forEach(({ taskId, state, expiresAt }, i) => {
            const outcome = all[i];
            if (state === 'SUCCESS' && expiresAt !== null && outcome && 'applied' in outcome && outcome.applied)
              final.add(taskId);
          });
          return all;
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ expiresAt: nowOf(world) + 1_000 })]);
      if (world.clock.kind === 'virtual') await world.clock.advance(2_000);
      return store.put([sample({ state: 'STARTED' })]);
    },
  },
  {
    name: 'writes-pending-for-the-unknown',
    violates: 'STA-9',
    on: 'memory',
    seen: 'get-or-create in an ORM',
    sabotage: (store) => ({
      ...store,
      async get(taskIds, options) {
        const outcomes = await store.get(taskIds, options);
        const unknown = taskIds.filter((_, i) => outcomes[i] === undefined);
        await store.put(unknown.map((taskId) => sample({ taskId, state: 'PENDING', doneAt: null })));
        return outcomes;
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.get(['unknown']);
      return store.get(['unknown']);
    },
  },
  {
    name: 'touches-the-deadline-anyway',
    violates: 'STA-10',
    on: 'memory',
    seen: 'Redis: EXPIRE after a SET that was refused',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const outcomes = await store.put(records, options);
        for (const [i, record] of records.entries()) {
          const outcome = outcomes[i];
          if (!outcome || !('applied' in outcome) || outcome.applied || record.expiresAt === null) continue;
          const [found] = await store.get([record.taskId]);
          if (!found || !('state' in found) || found.expiresAt === null) continue;
          await store.delete([record.taskId]);
          await store.put([{ ...found, expiresAt: record.expiresAt }]);
        }
        return outcomes;
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      const at = nowOf(world) + 60_000;
      await store.put([sample({ expiresAt: at })]);
      await store.put([sample({ state: 'STARTED', expiresAt: at + 5 })]);
      return store.get(['t']);
    },
  },
];
