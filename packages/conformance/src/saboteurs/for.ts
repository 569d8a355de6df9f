import type { BackendRecord } from '@rb/core';
import { backendWith, withBackend } from './backend-with.js';
import { FOR_OTHERS_SABOTEURS } from './for-others.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Between two looks whether a task is still known. */
const LOOK_MS = 5;

/** Forgetting. */
export const FOR_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'read-cache-survives-a-delete',
    violates: 'FOR-1',
    on: 'memory',
    seen: 'Celery backends/base.py get_task_meta caches what is ready',
    sabotage(store) {
      const cache = new Map<string, unknown>();
      return {
        ...store,
        async get(taskIds, options) {
          const outcomes = await store.get(taskIds, options);
          return outcomes.map((found, i) => {
            const taskId = taskIds[i] as string;
            if (found && 'state' in found && found.state === 'SUCCESS' && found.result === 'gone')
              cache.set(taskId, found);
            return found ?? (cache.get(taskId) as typeof found);
          });
        },
        async delete(taskIds, options) {
          for (const taskId of taskIds) cache.delete(taskId);
          return store.delete(taskIds, options);
        },
      };
    },
    async exposes(world) {
      const [a, b] = [await storeOf(world), await storeOf(world)];
      await a.put([sample({ result: 'gone' })]);
      await b.get(['t']);
      await a.delete(['t']);
      return b.get(['t']);
    },
  },
  {
    name: 'delete-always-counts',
    violates: 'FOR-2',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async delete(taskIds, options) {
        const count = await store.delete(taskIds, options);
        return taskIds.length === 2 ? taskIds.length : count;
      },
    }),
    exposes: async (world) => (await storeOf(world)).delete(['nobody', 'nothing']),
  },
  {
    name: 'counts-an-id-twice',
    violates: 'FOR-2',
    on: 'memory',
    seen: 'one DEL per id in a pipeline, counted before it is sent',
    sabotage: (store) => ({
      ...store,
      async delete(taskIds, options) {
        const found = await store.get(taskIds);
        await store.delete(taskIds, options);
        return found.filter(Boolean).length;
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample()]);
      return store.delete(['t', 't']);
    },
  },
  {
    name: 'deletes-no-more-than-500',
    violates: 'FOR-3',
    on: 'memory',
    sabotage: (store) => ({ ...store, delete: (taskIds, options) => store.delete(taskIds.slice(0, 500), options) }),
    async exposes(world) {
      const store = await storeOf(world);
      const ids = Array.from({ length: 501 }, (_, i) => `t${i}`);
      await store.put(ids.map((taskId) => sample({ taskId })));
      return store.delete(ids);
    },
  },
  {
    name: 'deletes-by-pattern',
    violates: 'FOR-4',
    on: 'memory',
    seen: 'KEYS id*; LIKE with an unescaped _',
    sabotage: (store) => ({
      ...store,
      async delete(taskIds, options) {
        const patterns = taskIds
          .filter((taskId) => taskId.includes('*'))
          .map((taskId) => taskId.split('*', 1)[0] ?? '');
        if (patterns.length === 0) return store.delete(taskIds, options);
        const matching: string[] = [];
        for await (const { records } of store.scan?.pages() ?? []) {
          for (const { taskId } of records)
            if (patterns.some((start) => taskId.startsWith(start))) matching.push(taskId);
        }
        const count = await store.delete(taskIds, options);
        await store.delete(matching, options);
        return count;
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ taskId: 'a*' }), sample({ taskId: 'ab' })]);
      await store.delete(['a*']);
      return store.get(['ab']);
    },
  },
  {
    name: 'marks-as-deleted',
    violates: 'FOR-5',
    on: 'memory',
    // Beneath the adapter the record is still there.
    sabotageWorld: (world) => {
      const deleted = new Map<string, unknown>();
      const { raw } = world;
      return {
        ...world,
        ...(raw
          ? { raw: { ...raw, read: async (taskId: string) => (await raw.read(taskId)) ?? deleted.get(taskId) } }
          : {}),
        async open(variant) {
          const handle = await world.open(variant);
          if (handle === null || raw === undefined) return handle;
          const { store } = handle;
          const remove: typeof store.delete = async (taskIds, options) => {
            for (const taskId of taskIds) if (taskIds.length === 1) deleted.set(taskId, await raw.read(taskId));
            return store.delete(taskIds, options);
          };
          return { ...handle, store: { ...store, delete: remove } };
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample()]);
      await store.delete(['t']);
      return world.raw?.read('t');
    },
  },
  {
    name: 'keeps-its-buffered-copy',
    violates: 'FOR-6',
    on: 'owner',
    sabotage(store) {
      const buffer = new Map<string, unknown>();
      return {
        ...store,
        async get(taskIds, options) {
          const outcomes = await store.get(taskIds, options);
          return outcomes.map((found, i) => {
            if (found && 'state' in found && found.result === 'gone') buffer.set(found.taskId, found);
            return found ?? (buffer.get(taskIds[i] as string) as typeof found);
          });
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      const route = await store.routing?.route('t');
      await store.put([sample({ result: 'gone' })], { routes: new Map(route ? [['t', route]] : []) });
      while ((await store.get(['t']))[0] === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      await store.delete(['t']);
      return store.get(['t']);
    },
  },
  {
    name: 'absence-ends-a-wait',
    violates: 'FOR-7',
    on: 'memory',
    seen: 'a waiter that looks for whatever is not pending any more',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        async wait(taskId, options) {
          let waits = true;
          const waiting = backend.wait(taskId, options).finally(() => {
            waits = false;
          });
          const gone = async (): Promise<BackendRecord> => {
            for (let was = false; waits; ) {
              const record = await backend.get(taskId, options);
              if (was && !record.known) return record;
              was ||= record.known;
              await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
            }
            return waiting;
          };
          return Promise.race([waiting, gone()]);
        },
      }),
    exposes: (_world, harness) =>
      withBackend(harness, async (backend) => {
        await backend.store('t', 'STARTED');
        const waiting = backend.wait('t', { timeoutMs: 100 }).then(
          ({ state }) => state,
          (error: Error) => error.name,
        );
        await new Promise((resolve) => setTimeout(resolve, 20));
        await backend.forget('t');
        return waiting;
      }),
  },
  ...FOR_OTHERS_SABOTEURS,
];
