import type { Subscription } from '@rb/core';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** A delete that reaches too far. */
export const FOR_OTHERS_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'deletes-without-regard-to-case',
    violates: 'FOR-4',
    on: 'memory',
    seen: "MySQL's default collation",
    sabotage: (store) => ({
      ...store,
      async delete(taskIds, options) {
        const wanted = new Set(taskIds.map((taskId) => taskId.toLowerCase()));
        const matching = new Set(taskIds);
        for await (const { records } of store.scan?.pages() ?? [])
          for (const { taskId } of records) if (wanted.has(taskId.toLowerCase())) matching.add(taskId);
        return store.delete([...matching], options);
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ taskId: 'A' })]);
      await store.delete(['a']);
      return store.get(['A']);
    },
  },
  {
    name: 'delete-ends-watching',
    violates: 'FOR-8',
    on: 'memory',
    seen: 'UNSUBSCRIBE in forget: Celery backends/redis.py on_state_change cancels for one, and all who share it',
    sabotage(store) {
      const { notify } = store;
      const subscriptions = new Set<Subscription>();
      return {
        ...store,
        async delete(taskIds, options) {
          for (const subscription of subscriptions) subscription.remove(taskIds);
          return store.delete(taskIds, options);
        },
        notify: notify && {
          subscribe(handler) {
            const subscription = notify.subscribe(handler);
            subscriptions.add(subscription);
            return subscription;
          },
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      let told = 0;
      const watching = store.notify?.subscribe({
        record() {
          told += 1;
        },
        gap() {},
      });
      await watching?.add(['t']);
      await store.delete(['t']);
      await store.put([sample()]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return told;
    },
  },
];
