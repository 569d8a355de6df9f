import { ResultError, type ResultStore } from '@rb/core';
import { copied } from './copied.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** What a store is, and its end in the middle of work. */
export const LIF_SHAPE_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'answers-for-nothing-after-its-end',
    violates: 'LIF-3',
    on: 'memory',
    seen: 'an early return for an empty batch, before the look whether the store is closed: ping() succeeds',
    sabotage: (store) => ({
      ...store,
      get: async (taskIds, options) => (taskIds.length === 0 ? [] : store.get(taskIds, options)),
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.close();
      return store.get([]).catch(({ code }) => code);
    },
  },
  {
    name: 'drops-its-queue-at-close',
    violates: 'LIF-6',
    on: 'memory',
    seen: 'a pool whose end() resolves what waits, so that nobody hangs',
    sabotage(store) {
      let busy = 0;
      let closed = false;
      return {
        ...store,
        async put(records, options) {
          busy += 1;
          const queued = copied(records);
          try {
            if (busy <= 4) return await store.put(records, options);
            await undefined;
            return closed ? records.map(() => ({ applied: true })) : await store.put(queued, options);
          } finally {
            busy -= 1;
          }
        },
        async close() {
          closed = true;
          await store.close();
        },
      };
    },
    async exposes(world) {
      const [store, other] = [await storeOf(world), await storeOf(world)];
      const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
      const puts = Promise.allSettled(ids.map((taskId) => store.put([sample({ taskId })])));
      await store.close();
      const said = (await puts).filter(({ status }) => status === 'fulfilled').length;
      return said - (await other.get(ids)).filter(Boolean).length;
    },
  },
  {
    name: 'methods-of-a-class',
    violates: 'LIF-10',
    on: 'memory',
    seen: 'keyv, agenda: adapters are classes',
    sabotage(inner) {
      class Store {
        readonly #inner = inner;
        readonly contract = inner.contract;
        readonly name = inner.name;
        readonly traits = inner.traits;
        readonly notify = inner.notify;
        readonly expiry = inner.expiry;
        readonly groups = inner.groups;
        readonly scan = inner.scan;
        readonly stats = inner.stats;
        readonly routing = inner.routing;
        readonly put: ResultStore['put'] = (records, options) => this.#inner.put(records, options);
        readonly get: ResultStore['get'] = (taskIds, options) => this.#inner.get(taskIds, options);
        readonly delete: ResultStore['delete'] = (taskIds, options) => this.#inner.delete(taskIds, options);
        close(): Promise<void> {
          return this.#inner.close();
        }
      }
      return new Store();
    },
    exposes: async (world) => typeof { ...(await storeOf(world)) }.close,
  },
  {
    name: 'needs-its-this',
    violates: 'LIF-10',
    on: 'memory',
    sabotage(store) {
      const own: ResultStore & { readonly inner: ResultStore } = {
        ...store,
        inner: store,
        get(this: { readonly inner: ResultStore }, taskIds, options) {
          return this.inner.get(taskIds, options);
        },
      };
      return own;
    },
    async exposes(world) {
      const { get } = await storeOf(world);
      return Promise.resolve()
        .then(() => get(['t']))
        .catch(() => 'rejected');
    },
  },
  {
    name: 'disposes-of-itself',
    violates: 'LIF-10',
    on: 'memory',
    sabotage: (store) => Object.assign({ ...store }, { [Symbol.asyncDispose]: () => store.close() }),
    exposes: async (world) => Symbol.asyncDispose in (await storeOf(world)),
  },
  {
    name: 'closes-only-what-is-connected',
    violates: 'LIF-11',
    on: 'wire',
    seen: 'client?.end() while the client is still a promise',
    sabotage(store) {
      let closed = false;
      let connecting = 0;
      return {
        ...store,
        async get(taskIds, options) {
          if (closed) throw new ResultError('RB_CLOSED', 'the store is closed');
          connecting += 1;
          try {
            return await store.get(taskIds, options);
          } finally {
            connecting -= 1;
          }
        },
        async close() {
          closed = true;
          if (connecting === 0) await store.close();
        },
      };
    },
    async exposes(world) {
      const handle = await world.open();
      const reading = handle?.store.get(['t']).catch(() => {});
      await handle?.store.close();
      await reading;
      return handle?.link?.connections();
    },
  },
];
