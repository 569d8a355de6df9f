import { ResultError, type ResultStore } from '@rb/core';
import { LIF_END_SABOTEURS } from './lif-ends.js';
import { LIF_SHAPE_SABOTEURS } from './lif-shape.js';
import { settledStates, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Life of a store. */
export const LIF_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'connects-when-it-is-made',
    violates: 'LIF-1',
    on: 'wire',
    seen: 'node-celery-ts: the constructor connects',
    sabotage(store, { variant }) {
      if (variant === 'default') store.get([]).catch(() => {});
      return store;
    },
    async exposes(world) {
      const handle = await world.open();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return (handle?.link?.attempts() ?? 0) > 0;
    },
  },
  {
    name: 'grows-a-capability',
    violates: 'LIF-2',
    on: 'memory',
    seen: 'a change stream that is there only where the server turns out to be a replica set',
    sabotage(store) {
      const { stats, ...rest } = store;
      const grown: { -readonly [K in keyof ResultStore]: ResultStore[K] } = {
        ...rest,
        async get(taskIds, options) {
          grown.stats = stats;
          return store.get(taskIds, options);
        },
      };
      return grown;
    },
    async exposes(world) {
      const store = await storeOf(world);
      const before = store.stats === undefined;
      await store.get(['t']);
      return before === (store.stats === undefined);
    },
  },
  {
    name: 'usable-after-close',
    violates: 'LIF-3',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      delete: (taskIds, options) =>
        store.delete(taskIds, options).catch((error: ResultError) => {
          if (error.code === 'RB_CLOSED') return 0;
          throw error;
        }),
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.close();
      return settledStates([store.delete(['t'])]);
    },
  },
  {
    name: 'second-close-throws',
    violates: 'LIF-4',
    on: 'memory',
    sabotage(store) {
      let closed = false;
      return {
        ...store,
        async close() {
          if (closed) throw new ResultError('RB_CLOSED', 'the store is closed already');
          closed = true;
          await store.close();
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      return settledStates([store.close(), store.close()]);
    },
  },
  {
    name: 'connects-in-order-to-close',
    violates: 'LIF-5',
    on: 'wire',
    seen: 'QUIT on a lazy client',
    sabotage(store) {
      let used = false;
      return {
        ...store,
        put(records, options) {
          used = true;
          return store.put(records, options);
        },
        get(taskIds, options) {
          used = true;
          return store.get(taskIds, options);
        },
        async close() {
          if (!used) await store.get(['goodbye']).catch(() => {});
          await store.close();
        },
      };
    },
    async exposes(world) {
      const handle = await world.open();
      await handle?.store.close();
      return handle?.link?.attempts();
    },
  },
  ...LIF_END_SABOTEURS,
  ...LIF_SHAPE_SABOTEURS,
];
