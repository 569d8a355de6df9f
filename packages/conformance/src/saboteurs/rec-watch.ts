import { setTimeout as sleep } from 'node:timers/promises';
import { createResultBackend, type ResultStore, type WatchHandler } from '@rb/core';
import type { World } from '../harness.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { ending, untilWorks, withHandles } from './with-handles.js';

/** The same store, whose subscriptions have other handlers. */
function handling(store: ResultStore, change: (handler: WatchHandler) => WatchHandler): ResultStore {
  const { notify } = store;
  return { ...store, notify: notify && { subscribe: (handler) => notify.subscribe(change(handler)) } };
}

/** What a watcher is told: through an outage with a write in it, and of one write afterwards. */
const told = (world: World): Promise<unknown> =>
  withHandles(world, async ({ store, link }, writer) => {
    const heard: string[] = [];
    let gaps = 0;
    const subscription = store.notify?.subscribe({
      record: (outcome) => void heard.push('state' in outcome ? outcome.state : 'refused'),
      gap: () => {
        gaps += 1;
      },
    });
    await subscription?.add(['t']);
    await link.cut({ refuse: true });
    await writer.store.put([sample({ state: 'STARTED' })]);
    await link.heal();
    await untilWorks(() => store.get(['t']));
    await sleep(50);
    await writer.store.put([sample()]);
    await sleep(50);
    return [gaps, heard];
  });

/** Loss of connections, as watchers see it. */
export const REC_WATCH_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'reconnects-without-subscribing-again',
    violates: 'REC-4',
    on: 'wire',
    seen: 'Celery backends/redis.py before ResultConsumer._reconnect_pubsub',
    sabotage: (store) =>
      handling(store, (handler) => {
        let deaf = false;
        return {
          record: (outcome) => deaf || handler.record(outcome),
          gap() {
            deaf = true;
            handler.gap();
          },
        };
      }),
    exposes: told,
  },
  {
    name: 'tells-of-no-gap',
    violates: 'REC-4',
    on: 'wire',
    sabotage: (store) => handling(store, (handler) => ({ record: (outcome) => handler.record(outcome), gap() {} })),
    exposes: told,
  },
  {
    name: 'listens-once-more-after-each-loss',
    violates: 'REC-5',
    on: 'wire',
    seen: 'clients that add their message listener on every connect event',
    sabotage: (store) =>
      handling(store, (handler) => {
        let listeners = 1;
        return {
          record(outcome) {
            for (let i = 0; i < listeners; i += 1) handler.record(outcome);
          },
          gap() {
            listeners += 1;
            handler.gap();
          },
        };
      }),
    exposes: told,
  },
  {
    name: 'consumes-from-the-queue-that-went',
    violates: 'REC-10',
    on: 'owner',
    seen: 'amqplib: the consumers of a closed channel are not set up again',
    sabotage(store, { handle }) {
      const { routing } = store;
      const unheard = new Set<string>();
      let firstAttempts: number | undefined;
      return {
        ...store,
        async get(taskIds, options) {
          const outcomes = await store.get(taskIds, options);
          return outcomes.map((outcome, i) => (unheard.has(taskIds[i] ?? '') ? undefined : outcome));
        },
        routing: routing && {
          async route(taskId, options) {
            const route = await routing.route(taskId, options);
            const attempts = handle.link?.attempts() ?? 0;
            firstAttempts ??= attempts;
            if (attempts > firstAttempts) unheard.add(taskId);
            return route;
          },
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async ({ store, link }, writer) => {
        await store.routing?.route('before');
        await link.cut();
        await untilWorks(() => store.get(['t']));
        const route = await store.routing?.route('t');
        await writer.store.put([sample()], { routes: new Map(route && [['t', route]]) });
        await sleep(100);
        return (await store.get(['t'])).map((outcome) => outcome?.taskId);
      }),
  },
  {
    name: 'ends-a-wait-at-its-first-failed-read',
    violates: 'REC-12',
    on: 'wire',
    sabotageBackend(backend) {
      const wait = backend.wait.bind(backend);
      return Object.assign(backend, {
        async wait(...[taskId, options]: Parameters<typeof wait>) {
          let isOver = false;
          const failed = async (): Promise<never> => {
            while (!isOver) {
              await backend.get(taskId);
              await sleep(10);
            }
            return new Promise(() => {});
          };
          try {
            return await Promise.race([wait(taskId, options), failed()]);
          } finally {
            isOver = true;
          }
        },
      });
    },
    exposes: (world, harness) =>
      withHandles(world, async ({ store, link }, writer) => {
        const backend = (harness.backend ?? createResultBackend)(store, { retry: false });
        await store.get(['t']);
        await link.cut({ refuse: true });
        const waiting = ending(backend.wait('t', { timeoutMs: 3_000 }).then(({ state }) => state));
        await sleep(100);
        await writer.store.put([sample()]);
        await link.heal();
        return waiting;
      }),
  },
];
