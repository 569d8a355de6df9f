import { type PutOutcome, ResultError, type TaskRecord } from '@rb/core';
import { reading, storing } from './altered.js';
import { afterDeadline, hidden } from './deadlines.js';
import { EXP_BEYOND_SABOTEURS } from './exp-beyond.js';
import { EXP_SWEEP_SABOTEURS } from './exp-sweep.js';
import { EXP_UNASKED_SABOTEURS } from './exp-unasked.js';
import { nowOf, readBack, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

const DAY_MS = 86_400_000;

/** Expiry. */
export const EXP_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'never-expires',
    violates: 'EXP-1',
    on: 'memory',
    sabotage: (store, scene) => hidden(store, scene, () => null),
    exposes: (world) => afterDeadline(world, 1_000, 2_000),
  },
  {
    name: 'takes-milliseconds-for-seconds',
    violates: 'EXP-1',
    on: 'memory',
    sabotage: (store, scene) => hidden(store, scene, (expiresAt, now) => expiresAt && now + (expiresAt - now) * 1_000),
    exposes: (world) => afterDeadline(world, 1_000, 2_000),
  },
  {
    name: 'rounds-deadlines-up-to-seconds',
    violates: 'EXP-1',
    on: 'memory',
    seen: 'Redis EX, memcached, DynamoDB: whole seconds',
    sabotage: (store, scene) => hidden(store, scene, (expiresAt) => expiresAt && Math.ceil(expiresAt / 1_000) * 1_000),
    exposes: (world) => afterDeadline(world, 1_001, 1_500),
  },
  {
    name: 'rounds-deadlines-down-to-seconds',
    violates: 'EXP-1',
    on: 'memory',
    sabotage: (store, scene) => hidden(store, scene, (expiresAt) => expiresAt && Math.floor(expiresAt / 1_000) * 1_000),
    exposes: (world) => afterDeadline(world, 1_999, 1_500),
  },
  {
    name: 'refuses-a-past-deadline',
    violates: 'EXP-2',
    on: 'memory',
    seen: 'Redis: invalid expire time in SET',
    sabotage: (store, { world }) => ({
      ...store,
      async put(records, options) {
        const isPast = ({ expiresAt }: TaskRecord): boolean => expiresAt !== null && expiresAt < nowOf(world);
        const outcomes = [
          ...(await store.put(
            records.filter((record) => !isPast(record)),
            options,
          )),
        ];
        const refused = new ResultError('RB_STORE', 'invalid expire time');
        return records.map((record) => (isPast(record) ? { refused } : (outcomes.shift() as PutOutcome)));
      },
    }),
    exposes: async (world) => (await storeOf(world)).put([sample({ expiresAt: 1 })]),
  },
  {
    name: 'takes-the-epoch-for-never',
    violates: 'EXP-2',
    on: 'memory',
    seen: 'memcached: 0 means never',
    sabotage: (store) => storing(store, (record) => ({ ...record, expiresAt: record.expiresAt || null })),
    exposes: (world) => readBack(world, { expiresAt: 0 }),
  },
  {
    name: 'hides-a-default-time-to-live',
    violates: 'EXP-3',
    on: 'memory',
    seen: 'node-celery-ts src/redis/backend.ts: 24 hours',
    sabotage: (store, scene) => hidden(store, scene, (expiresAt, now) => expiresAt ?? now + DAY_MS),
    exposes: (world) => afterDeadline(world, null, 2 * DAY_MS),
  },
  {
    name: 'keeps-the-old-deadline',
    violates: 'EXP-4',
    on: 'memory',
    seen: 'Redis SET KEEPTTL',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const before = await store.get(records.map(({ taskId }) => taskId));
        const deadlines = before.map((found) => (found && 'state' in found ? found.expiresAt : null));
        return store.put(
          records.map((record, i) => ({ ...record, expiresAt: record.expiresAt ?? deadlines[i] ?? null })),
          options,
        );
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ state: 'STARTED', expiresAt: nowOf(world) + DAY_MS })]);
      await store.put([sample()]);
      return store.get(['t']);
    },
  },
  {
    name: 'relies-on-the-ttl-monitor',
    violates: 'EXP-5',
    on: 'memory',
    seen: 'MongoDB removes every 60 s',
    sabotage: (store, scene) => hidden(store, scene, (expiresAt) => expiresAt && expiresAt + 60_000),
    exposes: (world) => afterDeadline(world, 1_000, 2_000),
  },
  {
    name: 'finds-the-expired-verbatim',
    violates: 'EXP-5',
    on: 'memory',
    sabotage: (store, { world }) => ({
      ...store,
      async get(taskIds, options) {
        const outcomes = await store.get(taskIds, options);
        if (!options?.verbatim) return outcomes;
        const stored = await Promise.all(taskIds.map((taskId) => world.raw?.read(taskId)));
        return outcomes.map((found, i) => {
          const data = stored[i];
          return found || data === undefined
            ? found
            : sample({ taskId: taskIds[i] ?? '', verbatim: { layout: '', data } });
        });
      },
    }),
    async exposes(world) {
      const found = await readBack(world, { expiresAt: 1 }, { verbatim: true });
      return found && 'state' in found && found.state;
    },
  },
  ...EXP_BEYOND_SABOTEURS,
  ...EXP_SWEEP_SABOTEURS,
  ...EXP_UNASKED_SABOTEURS,
  {
    name: 'tells-no-deadline',
    violates: 'EXP-12',
    on: 'memory',
    sabotage: (store) => reading(store, (record) => ({ ...record, expiresAt: null })),
    exposes: (world) => readBack(world, { expiresAt: nowOf(world) + DAY_MS }),
  },
  {
    name: 'gives-a-batch-one-deadline',
    violates: 'EXP-13',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      put: (records, options) =>
        store.put(
          records.map((record) => ({ ...record, expiresAt: records[0]?.expiresAt ?? null })),
          options,
        ),
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ taskId: 'first' }), sample({ expiresAt: nowOf(world) + DAY_MS })]);
      return store.get(['t']);
    },
  },
];
