import { setTimeout as sleep } from 'node:timers/promises';
import type { Subscription } from '@rb/core';
import { notifying, subscribed, subscribing, toldOf } from './notifying.js';
import { storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Ids that come to a subscription and go. */
export const WAI_ID_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'add-brings-back-what-was-removed',
    violates: 'WAI-16',
    on: 'memory',
    sabotage: (store) =>
      subscribing(store, (inner) => ({
        async add(taskIds, options) {
          // As where the ids are written down when the server has answered.
          await inner.add([], options);
          await inner.add(taskIds, options);
        },
      })),
    exposes: (world) =>
      toldOf(world, async (subscription) => {
        const adding = subscription.add(['t']);
        subscription.remove(['t']);
        await adding;
      }),
  },
  {
    name: 'counts-adds',
    violates: 'WAI-17',
    on: 'memory',
    sabotage: (store) =>
      subscribing(store, (inner) => {
        const counts = new Map<string, number>();
        const change = (taskId: string, by: number): number => {
          const count = Math.max(0, (counts.get(taskId) ?? 0) + by);
          counts.set(taskId, count);
          return count;
        };
        return {
          async add(taskIds, options) {
            for (const taskId of taskIds) change(taskId, 1);
            await inner.add(taskIds, options);
          },
          remove: (taskIds) => inner.remove(taskIds.filter((taskId) => change(taskId, -1) === 0)),
        };
      }),
    exposes: (world) =>
      toldOf(world, async (subscription) => {
        await subscription.add(['t']);
        await subscription.add(['t']);
        subscription.remove(['t']);
      }),
  },
  {
    name: 'a-listener-for-each-add',
    violates: 'WAI-17',
    on: 'memory',
    sabotage: (store) =>
      notifying(store, (notify, handler) => {
        const inner: Subscription[] = [];
        const closed = notify.subscribe(handler);
        return {
          async add(taskIds, options) {
            await closed.add([], options);
            const listener = notify.subscribe(handler);
            inner.push(listener);
            await listener.add(taskIds, options);
          },
          remove(taskIds) {
            for (const each of inner) each.remove(taskIds);
          },
          async close() {
            await Promise.all([closed, ...inner].map((each) => each.close()));
          },
        };
      }),
    exposes: (world) =>
      toldOf(world, async (subscription) => {
        await subscription.add(['t']);
        await subscription.add(['t']);
      }),
  },
  {
    name: 'ignores-an-add-after-close',
    violates: 'WAI-18',
    on: 'memory',
    sabotage: (store) =>
      subscribing(store, (inner) => {
        let closed = false;
        return {
          add: async (taskIds, options) => (closed ? undefined : inner.add(taskIds, options)),
          async close() {
            closed = true;
            await inner.close();
          },
        };
      }),
    async exposes(world) {
      const { subscription } = subscribed(await storeOf(world));
      await subscription.close();
      return subscription.add(['t']).then(
        () => 'resolves',
        () => 'rejects',
      );
    },
  },
  {
    name: 'connects-when-it-subscribes',
    violates: 'WAI-19',
    on: 'wire',
    sabotage: (store) =>
      notifying(store, (notify, handler) => {
        store.get([]).catch(() => {});
        return notify.subscribe(handler);
      }),
    async exposes(world) {
      const handle = await world.open();
      if (handle) subscribed(handle.store);
      await sleep(50);
      return handle?.link?.attempts();
    },
  },
  {
    name: 'removed-is-removed-for-good',
    violates: 'WAI-20',
    on: 'memory',
    sabotage: (store) =>
      notifying(store, (notify, handler) => {
        const removed = new Set<string>();
        const inner = notify.subscribe({
          gap: () => handler.gap(),
          record: (outcome) => removed.has(outcome.taskId) || handler.record(outcome),
        });
        return {
          ...inner,
          remove(taskIds) {
            for (const taskId of taskIds) removed.add(taskId);
            inner.remove(taskIds);
          },
        };
      }),
    exposes: (world) =>
      toldOf(world, async (subscription) => {
        await subscription.add(['t']);
        subscription.remove(['t']);
        await subscription.add(['t']);
      }),
  },
];
