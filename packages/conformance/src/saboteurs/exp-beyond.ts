import { scanning } from './altered.js';
import { afterDeadline, hidden } from './deadlines.js';
import { idsByPage, nowOf, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

const DAY_MS = 86_400_000;

/** Deadlines in other calls than `get`, in the far future, and seen by a clock that is wrong. */
export const EXP_BEYOND_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'counts-expired-deletes',
    violates: 'EXP-6',
    on: 'memory',
    sabotage: (store, { world }) => ({
      ...store,
      async delete(taskIds, options) {
        const stored = await Promise.all([...new Set(taskIds)].map((taskId) => world.raw?.read(taskId)));
        await store.delete(taskIds, options);
        return stored.filter((data) => data !== undefined).length;
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ expiresAt: 1 })]);
      return store.delete(['t']);
    },
  },
  {
    name: 'scan-yields-the-expired',
    violates: 'EXP-6',
    on: 'memory',
    sabotage: (store, { world, memory }) => ({
      ...scanning(store, async function* (pages, options) {
        yield* pages(options);
        const taskIds = [...memory.keys()];
        const live = await store.get(taskIds);
        for (const [i, taskId] of taskIds.entries()) {
          const isExpired = live[i] === undefined && (await world.raw?.read(taskId)) !== undefined;
          if (isExpired) yield { records: [sample({ taskId })], cursor: taskId };
        }
      }),
      put(records, options) {
        for (const { taskId } of records) memory.set(taskId, true);
        return store.put(records, options);
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ expiresAt: 1 })]);
      return idsByPage(store);
    },
  },
  {
    name: 'ends-time-in-2038',
    violates: 'EXP-7',
    on: 'memory',
    seen: 'MySQL TIMESTAMP; an int32 of seconds',
    sabotage: (store, scene) =>
      hidden(store, scene, (expiresAt) => expiresAt && Math.min(expiresAt, (2 ** 31 - 1) * 1_000)),
    exposes: (world) => afterDeadline(world, 20 * 366 * DAY_MS, 15 * 366 * DAY_MS),
  },
  {
    name: 'fires-at-once-beyond-31-bits-of-milliseconds',
    violates: 'EXP-7',
    on: 'memory',
    seen: 'setTimeout with more than 2^31 - 1 ms',
    sabotage: (store, scene) =>
      hidden(store, scene, (expiresAt, now) => (expiresAt && expiresAt - now > 2 ** 31 - 1 ? now + 1 : expiresAt)),
    exposes: (world) => afterDeadline(world, 30 * DAY_MS, 1_000),
  },
  {
    name: 'looks-at-the-clients-clock',
    violates: 'EXP-11',
    on: 'memory',
    sabotage: (store, { world, variant }) => ({
      ...store,
      async get(taskIds, options) {
        const now = nowOf(world) + (variant === 'clock-ahead' ? 3_600_000 : 0);
        const outcomes = await store.get(taskIds, options);
        return outcomes.map((found) =>
          found && 'state' in found && found.expiresAt !== null && found.expiresAt <= now ? undefined : found,
        );
      },
    }),
    async exposes(world) {
      await (await storeOf(world)).put([sample({ expiresAt: nowOf(world) + 1_000 })]);
      return (await storeOf(world, 'clock-ahead')).get(['t']);
    },
  },
];
