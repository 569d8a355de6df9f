import { setTimeout as sleep } from 'node:timers/promises';
import { isReady, type ResultBackend, ResultError } from '@rb/core';
import type { Harness, World } from '../harness.js';
import { backendOf, backendOver, endOf, waiting } from './backend-with.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** A loop of reads instead of one for all. */
const pollingEvery =
  (pauseMs: number) =>
  (backend: ResultBackend): ResultBackend =>
    waiting(backend, async (taskId, { timeoutMs = Number.POSITIVE_INFINITY, signal } = {}) => {
      const until = performance.now() + timeoutMs;
      for (;;) {
        const record = await backend.get(taskId, { signal });
        if (record.ready) return record;
        if (performance.now() >= until) throw new ResultError('RB_TIMEOUT', `task ${taskId} was not ready`, { taskId });
        await sleep(pauseMs);
      }
    });

/** How one wait ends. */
export const WAI_WAIT_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'wait-listens-but-never-reads',
    violates: 'WAI-10',
    on: 'memory',
    seen: 'Celery pub/sub before _reconnect_pubsub learnt MGET (redis.py:97-106)',
    sabotageBackend: (backend) =>
      waiting(backend, async (taskId, options) => {
        let isStored = true;
        for await (const record of backend.watch(taskId, options)) {
          // The first is what was read, the others what was pushed.
          if (record.ready && !isStored) return record;
          isStored = false;
        }
        return new Promise(() => {});
      }),
    async exposes(world, harness) {
      const backend = await backendOf(world, harness);
      await (await storeOf(world)).put([sample()]);
      return endOf(backend.wait('t'));
    },
  },
  {
    name: 'wait-ignores-failure',
    violates: 'WAI-11',
    on: 'memory',
    seen: 'node-celery-ts src/redis/backend.ts:149',
    sabotageBackend: (backend) =>
      waiting(backend, async (taskId, options) => {
        const record = await backend.wait(taskId, options);
        return record.state === 'FAILURE' ? new Promise(() => {}) : record;
      }),
    async exposes(world, harness) {
      const backend = await backendOf(world, harness);
      await (await storeOf(world)).put([sample({ state: 'FAILURE' })]);
      return endOf(backend.wait('t'));
    },
  },
  {
    name: 'wait-resolves-on-any-message',
    violates: 'WAI-12',
    on: 'memory',
    seen: 'node-celery-ts src/redis/backend.ts:215-225',
    sabotageBackend: (backend) =>
      waiting(backend, async (taskId, options) => {
        for await (const record of backend.watch(taskId, options)) if (record.known) return record;
        return backend.wait(taskId, options);
      }),
    async exposes(world, harness) {
      const backend = await backendOf(world, harness);
      await (await storeOf(world)).put([sample({ state: 'STARTED' })]);
      return endOf(backend.wait('t'));
    },
  },
  {
    name: 'wait-reads-then-subscribes',
    violates: 'WAI-13',
    on: 'memory',
    seen: 'the classic',
    sabotageBackend: (backend) =>
      waiting(backend, async (taskId, options) => {
        const before = await backend.get(taskId, options);
        if (before.ready) return before;
        let isFirst = true;
        for await (const record of backend.watch(taskId, options)) {
          // Read again by the watch; one that subscribes alone would not have it.
          if (record.ready && !isFirst) return record;
          isFirst = false;
        }
        return new Promise(() => {});
      }),
    async exposes(world, harness) {
      const store = await storeOf(world);
      const slow = {
        ...store,
        async get(taskIds: readonly string[]) {
          const found = await store.get(taskIds);
          await store.put([sample()]);
          return found;
        },
      };
      return endOf(backendOver(slow, harness, { safetyPollMs: 600_000 }).wait('t'));
    },
  },
  {
    name: 'wait-polls-in-a-tight-loop',
    violates: 'WAI-14',
    on: 'memory',
    sabotageBackend: pollingEvery(1),
    exposes: readsOfAWait,
  },
  {
    name: 'wait-polls-once-a-second',
    violates: 'WAI-14',
    on: 'memory',
    seen: 'Celery: a fixed interval of half a second in wait_for',
    sabotageBackend: pollingEvery(1_000),
    exposes: readsOfAWait,
  },
];

/** How often a store is read while one waits, and whether the wait ends soon after the result is there. */
async function readsOfAWait(world: World, harness: Harness): Promise<unknown> {
  const store = await storeOf(world);
  let reads = 0;
  const polled = {
    ...store,
    notify: undefined,
    get(taskIds: readonly string[]) {
      reads += 1;
      return store.get(taskIds);
    },
  };
  const backend = backendOver(polled, harness, { pollMs: 50 });
  const waited = backend.wait('t');
  await sleep(150);
  const pace = reads > 10 ? 'many reads' : 'few reads';
  await store.put([sample()]);
  const end = await Promise.race([waited, sleep(300)]);
  await backend.close();
  return [pace, end !== undefined && isReady(end.state)];
}
