import { setTimeout as sleep } from 'node:timers/promises';
import { createResultBackend, type ResultStore, type WatchHandler } from '@rb/core';
import { collectGarbage, usedBytes } from '../memory-use.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { ending, withHandles } from './with-handles.js';

/** Resources that grow unseen. */
export const LEA_MEMORY_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'forgets-no-handler',
    violates: 'LEA-3',
    on: 'memory',
    sabotage(store) {
      const { notify } = store;
      // Of closed subscriptions too, so that all of them can be told of gaps.
      const handlers = new Set<WatchHandler>();
      return {
        ...store,
        notify: notify && {
          subscribe(handler) {
            handlers.add(handler);
            return notify.subscribe(handler);
          },
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async ({ store }) => {
        const watchOnce = async (): Promise<WeakRef<WatchHandler>> => {
          const handler: WatchHandler = { record() {}, gap() {} };
          const subscription = store.notify?.subscribe(handler);
          await subscription?.add(['t']);
          await subscription?.close();
          return new WeakRef(handler);
        };
        const handler = await watchOnce();
        await collectGarbage();
        return handler.deref() !== undefined;
      }),
  },
  {
    name: 'waits-on-after-its-timeout',
    violates: 'LEA-5',
    on: 'memory',
    seen: 'Promise.race with a timer, all over the place',
    sabotageBackend(backend) {
      const wait = backend.wait.bind(backend);
      return Object.assign(backend, {
        async wait(...[taskId, { timeoutMs, ...options } = {}]: Parameters<typeof wait>) {
          if (timeoutMs === undefined) return wait(taskId, options);
          const whole = wait(taskId, options);
          whole.catch(() => {});
          return Promise.race([whole, sleep(timeoutMs).then(() => wait(taskId, { ...options, timeoutMs: 0 }))]);
        },
      });
    },
    exposes: (world, harness) =>
      withHandles(world, async ({ store }) => {
        let reads = 0;
        const counted: ResultStore = {
          ...store,
          notify: undefined,
          get(taskIds, options) {
            reads += 1;
            return store.get(taskIds, options);
          },
        };
        const backend = (harness.backend ?? createResultBackend)(counted, { pollMs: 5 });
        await ending(backend.wait('t', { timeoutMs: 20 }));
        const before = reads;
        await sleep(50);
        await backend.close();
        return reads - before > 0;
      }),
  },
  {
    name: 'keeps-every-result-it-hears-of',
    violates: 'LEA-7',
    on: 'wire',
    seen: 'node-celery-ts src/redis/backend.ts:53-54',
    sabotage(store, { memory }) {
      const { notify, scan } = store;
      const kept = new Map<string, unknown>();
      memory.set('kept', kept);
      let closed = false;
      // A pattern subscription, made of what every store has.
      const listen = async (): Promise<void> => {
        while (!closed) {
          for await (const { records } of scan?.pages({ pageSize: 50 }) ?? []) {
            for (const record of records) kept.set(record.taskId, record);
          }
          await sleep(50, undefined, { ref: false });
        }
      };
      return {
        ...store,
        notify: notify && {
          subscribe(handler) {
            listen().catch(() => {});
            return notify.subscribe(handler);
          },
        },
        async close() {
          closed = true;
          await store.close();
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async ({ store }, writer) => {
        const subscription = store.notify?.subscribe({ record() {}, gap() {} });
        await subscription?.add(['t']);
        const before = await usedBytes();
        const taskIds = Array.from({ length: 30 }, (_, i) => `other-${i}`);
        for (const taskId of taskIds) {
          await writer.store.put([sample({ taskId, result: Buffer.alloc(200_000, taskId).toString('latin1') })]);
        }
        // The server of the wire lies in this process: what it keeps is not meant. A busy machine hears of them late.
        for (let i = 0; i < 12; i += 1) {
          await sleep(250);
          if (i === 3) await writer.store.delete(taskIds);
          if (i >= 3 && (await usedBytes()) - before > 3e6) return true;
        }
        return false;
      }),
  },
];
