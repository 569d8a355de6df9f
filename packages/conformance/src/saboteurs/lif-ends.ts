import { ResultError, type ResultStore, type Subscription } from '@rb/core';
import { sample, settledStates, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Ends, and beginnings that fail. */
export const LIF_END_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'closes-once-at-a-time',
    violates: 'LIF-4',
    on: 'memory',
    seen: 'pg: Called end on pool more than once',
    sabotage(store) {
      let closing = false;
      return {
        ...store,
        async close() {
          if (closing) throw new ResultError('RB_STORE', 'called end on pool more than once');
          closing = true;
          await store.close();
          closing = false;
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      return settledStates([store.close(), store.close()]);
    },
  },
  {
    name: 'abandons-calls-in-flight',
    violates: 'LIF-6',
    on: 'memory',
    seen: 'a driver whose end() drops its queue and settles nothing',
    sabotage(store) {
      let closed = false;
      const orNever = async <T>(call: Promise<T>): Promise<T> => {
        const value = await call;
        await new Promise((resolve) => setImmediate(resolve));
        return closed ? new Promise<T>(() => {}) : value;
      };
      return {
        ...store,
        put: (records, options) => orNever(store.put(records, options)),
        async close() {
          closed = true;
          await store.close();
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      const putting = store.put([sample()]).then(
        () => 'settled',
        () => 'settled',
      );
      await store.close();
      return Promise.race([putting, new Promise((resolve) => setTimeout(resolve, 50, 'never'))]);
    },
  },
  {
    name: 'memoises-the-refused-connection',
    violates: 'LIF-7',
    on: 'wire',
    seen: 'db0 connectors/postgresql.ts, unstorage drivers/redis.ts',
    sabotage(store) {
      let first: Promise<unknown> | undefined;
      return {
        ...store,
        async get(taskIds, options) {
          first ??= store.get([]);
          await first;
          return store.get(taskIds, options);
        },
      };
    },
    async exposes(world) {
      const handle = await world.open();
      await handle?.link?.cut({ refuse: true });
      await handle?.store.get(['t']).catch(() => {});
      await handle?.link?.heal();
      // The honest store comes back after a pause of its own.
      for (let i = 0; i < 50; i += 1) {
        const outcomes = await handle?.store.get(['t']).catch(() => undefined);
        if (outcomes) return 'works again';
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return 'refused for ever';
    },
  },
  {
    name: 'closes-the-borrowed-client',
    violates: 'LIF-8',
    on: 'wire',
    sabotage: (store, { variant, handle }) => {
      if (variant !== 'borrowed-client') return store;
      return {
        ...store,
        async close() {
          await store.close();
          await handle.dispose?.();
        },
      };
    },
    async exposes(world) {
      const handle = await world.open('borrowed-client');
      await handle?.store.put([sample()]);
      await handle?.store.close();
      return handle?.clientWorks?.();
    },
  },
  {
    name: 'closes-what-all-share',
    violates: 'LIF-9',
    on: 'memory',
    seen: 'one client in a module, for all stores of a process',
    sabotage(store, { memory }) {
      const all = (memory.get('all') ?? []) as ResultStore[];
      memory.set('all', [...all, store]);
      return {
        ...store,
        async close() {
          await Promise.all((memory.get('all') as readonly ResultStore[]).map((other) => other.close()));
        },
      };
    },
    async exposes(world) {
      const [first, second] = [await storeOf(world), await storeOf(world)];
      await second.close();
      return settledStates([first.get(['t'])]);
    },
  },
  {
    name: 'ends-the-subscriber-that-all-share',
    violates: 'LIF-9',
    on: 'memory',
    seen: 'one connection for the subscriptions of a process, closed with the first store that ends',
    sabotage(store, { memory }) {
      const { notify } = store;
      const shared = (memory.get('subscriptions') ?? new Set()) as Set<Subscription>;
      memory.set('subscriptions', shared);
      return {
        ...store,
        notify: notify && {
          subscribe(handler) {
            const subscription = notify.subscribe(handler);
            shared.add(subscription);
            return subscription;
          },
        },
        async close() {
          await Promise.all([...shared].map((subscription) => subscription.close()));
          await store.close();
        },
      };
    },
    async exposes(world) {
      const [watcher, other] = [await storeOf(world), await storeOf(world)];
      let told = 0;
      const watching = watcher.notify?.subscribe({
        record() {
          told += 1;
        },
        gap() {},
      });
      await watching?.add(['t']);
      await other.close();
      await watcher.put([sample()]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return told;
    },
  },
];
