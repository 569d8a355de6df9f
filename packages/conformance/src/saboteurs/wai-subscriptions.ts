import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Subscription, WatchHandler } from '@rb/core';
import { notifying, overhear, quietly, subscribed, subscribing, toldOf } from './notifying.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** What is told of a write that follows the call of close at once. */
const toldAfterClose: Saboteur['exposes'] = (world) =>
  toldOf(world, async (subscription) => {
    await subscription.add(['t']);
    void subscription.close();
  });

/** What a subscription is told of, and what not. */
export const WAI_SUBSCRIPTION_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'close-does-nothing',
    violates: 'WAI-5',
    on: 'memory',
    sabotage: (store) =>
      notifying(store, (notify, handler) => ({ ...notify.subscribe(handler), close: async () => {} })),
    exposes: toldAfterClose,
  },
  {
    name: 'close-takes-its-time',
    violates: 'WAI-5',
    on: 'memory',
    sabotage: (store) =>
      subscribing(store, (inner) => ({
        async close() {
          await turn();
          await inner.close();
        },
      })),
    exposes: toldAfterClose,
  },
  {
    name: 'subscribes-to-a-pattern',
    violates: 'WAI-6',
    on: 'memory',
    seen: 'node-celery-ts src/redis/backend.ts:84',
    sabotage(store, scene) {
      const { store: overheard, tell } = overhear(store, scene);
      return {
        ...overheard,
        async put(records, options) {
          const outcomes = await store.put(records, options);
          for (const record of records) tell(record, 'everyone');
          return outcomes;
        },
      };
    },
    exposes: (world) => toldOf(world, (subscription) => subscription.add(['t']), ['t', 'other']),
  },
  {
    name: 'one-list-of-handlers',
    violates: 'WAI-6',
    on: 'memory',
    sabotage(store) {
      const handlers = new Set<WatchHandler>();
      return notifying(store, (notify, handler) => {
        handlers.add(handler);
        const inner = notify.subscribe({
          gap: () => handler.gap(),
          record(outcome) {
            for (const each of handlers) quietly(() => each.record(outcome));
          },
        });
        return {
          ...inner,
          async close() {
            handlers.delete(handler);
            await inner.close();
          },
        };
      });
    },
    async exposes(world) {
      const store = await storeOf(world);
      const [one, other] = [subscribed(store), subscribed(store)];
      await one.subscription.add(['t']);
      await other.subscription.add(['other']);
      await store.put([sample({ taskId: 'other' })]);
      await sleep(50);
      return one.states;
    },
  },
  {
    name: 'the-first-to-leave-unsubscribes',
    violates: 'WAI-7',
    on: 'memory',
    seen: 'one UNSUBSCRIBE per handler instead of per channel',
    sabotage(store) {
      const all = new Set<Subscription>();
      return notifying(store, (notify, handler) => {
        const inner = notify.subscribe(handler);
        const own = new Set<string>();
        all.add(inner);
        return {
          async add(taskIds, options) {
            for (const taskId of taskIds) own.add(taskId);
            await inner.add(taskIds, options);
          },
          remove: (taskIds) => inner.remove(taskIds),
          async close() {
            await inner.close();
            for (const each of all) each.remove([...own]);
          },
        };
      });
    },
    async exposes(world) {
      const store = await storeOf(world);
      const [one, other] = [subscribed(store), subscribed(store)];
      await one.subscription.add(['t']);
      await other.subscription.add(['t']);
      await other.subscription.close();
      await store.put([sample()]);
      await sleep(50);
      return one.states;
    },
  },
  {
    name: 'remove-is-for-all',
    violates: 'WAI-7',
    on: 'memory',
    sabotage(store) {
      const all = new Set<Subscription>();
      return subscribing(store, (inner) => {
        all.add(inner);
        return {
          remove(taskIds) {
            for (const each of all) each.remove(taskIds);
          },
        };
      });
    },
    async exposes(world) {
      const store = await storeOf(world);
      const [one, other] = [subscribed(store), subscribed(store)];
      await one.subscription.add(['t']);
      await other.subscription.add(['t']);
      other.subscription.remove(['t']);
      await store.put([sample()]);
      await sleep(50);
      return one.states;
    },
  },
  {
    name: 'a-handler-that-throws-ends-all',
    violates: 'WAI-8',
    on: 'memory',
    sabotage(store) {
      let broken = false;
      return notifying(store, (notify, handler) =>
        notify.subscribe({
          gap: () => handler.gap(),
          record(outcome) {
            if (broken) return;
            try {
              handler.record(outcome);
            } catch {
              broken = true;
            }
          },
        }),
      );
    },
    async exposes(world) {
      const store = await storeOf(world);
      const throwing = subscribed(store, () => {
        throw new Error('of a handler');
      });
      const other = subscribed(store);
      await throwing.subscription.add(['t']);
      await other.subscription.add(['t']);
      await store.put([sample()]);
      await sleep(50);
      return other.states;
    },
  },
];
