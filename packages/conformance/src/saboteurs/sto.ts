import { ResultError } from '@rb/core';
import { copied } from './copied.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { STO_BATCH_SABOTEURS } from './sto-batches.js';
import { STO_ID_SABOTEURS } from './sto-ids.js';
import { STO_PLACE_SABOTEURS } from './sto-places.js';

/** Storing and reading. */
export const STO_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'answers-from-its-own-cache',
    violates: 'STO-1',
    on: 'memory',
    seen: 'passes a public suite of 28 tests that reads through the handle that wrote',
    sabotage(store) {
      const own = new Map<string, unknown>();
      return {
        ...store,
        async put(records, options) {
          for (const { taskId, traceback } of records) own.set(taskId, traceback);
          // The server never hears of tracebacks; whoever wrote them does not notice.
          return store.put(
            records.map((record) => ({ ...record, traceback: null })),
            options,
          );
        },
        get: async (taskIds, options) =>
          (await store.get(taskIds, options)).map((found) =>
            found && 'state' in found && own.has(found.taskId)
              ? { ...found, traceback: own.get(found.taskId) as string }
              : found,
          ),
      };
    },
    async exposes(world) {
      await (await storeOf(world)).put([sample({ traceback: 'text' })]);
      return (await storeOf(world)).get(['t']);
    },
  },
  {
    name: 'null-for-missing',
    violates: 'STO-2',
    on: 'memory',
    seen: "unstorage's own convention",
    sabotage: (store) => ({
      ...store,
      // biome-ignore lint/suspicious/noExplicitAny: the bug is what no type allows.
      get: async (taskIds, options) => (await store.get(taskIds, options)).map((found) => found ?? (null as any)),
    }),
    exposes: async (world) => (await storeOf(world)).get(['nobody']),
  },
  {
    name: 'debounces-progress',
    violates: 'STO-3',
    on: 'memory',
    seen: 'write-behind: progress comes often, and only the last of it seems to matter',
    sabotage(store) {
      return {
        ...store,
        async put(records, options) {
          if (!records.every(({ state }) => state === 'PROGRESS')) return store.put(records, options);
          const last = copied(records);
          setTimeout(() => store.put(last, options).catch(() => {}), 1);
          return records.map(() => ({ applied: true }));
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ state: 'PROGRESS' })]);
      return store.get(['t']);
    },
  },
  {
    name: 'drops-misses-from-the-batch',
    violates: 'STO-4',
    on: 'memory',
    seen: 'SQL: IN (...) gives rows as they come',
    sabotage: (store) => ({
      ...store,
      get: async (taskIds, options) => {
        const outcomes = await store.get(taskIds, options);
        return taskIds.length === 1 ? outcomes : outcomes.filter(Boolean);
      },
    }),
    exposes: async (world) => (await storeOf(world)).get(['a', 'b']),
  },
  {
    name: 'answers-each-id-once',
    violates: 'STO-4',
    on: 'memory',
    sabotage: (store) => ({ ...store, get: (taskIds, options) => store.get([...new Set(taskIds)], options) }),
    exposes: async (world) => (await storeOf(world)).get(['a', 'a']),
  },
  {
    name: 'refuses-an-empty-batch',
    violates: 'STO-5',
    on: 'memory',
    seen: "node-redis: wrong number of arguments for 'mget' command",
    sabotage: (store) => ({
      ...store,
      async get(taskIds, options) {
        const outcomes = await store.get(taskIds, options);
        if (taskIds.length === 0) throw new ResultError('RB_STORE', "wrong number of arguments for 'mget' command");
        return outcomes;
      },
    }),
    exposes: async (world) => (await storeOf(world)).get([]).catch(() => 'rejected'),
  },
  {
    name: 'encodes-a-turn-later',
    violates: 'STO-6',
    on: 'memory',
    seen: 'any store that awaits its connection before it encodes',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        await undefined;
        return store.put(records, options);
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      const result = [1];
      const putting = store.put([sample({ result })]);
      result.push(2);
      await putting;
      return store.get(['t']);
    },
  },
  {
    name: 'shares-what-it-read',
    violates: 'STO-7',
    on: 'memory',
    sabotage(store) {
      const read = new Map<string, readonly [text: string, value: object]>();
      return {
        ...store,
        get: async (taskIds, options) =>
          (await store.get(taskIds, options)).map((found) => {
            if (!found || !('state' in found) || typeof found.result !== 'object' || found.result === null)
              return found;
            const key = `${found.taskId} ${found.state} ${found.doneAt}`;
            const text = JSON.stringify(found.result, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
            const kept = read.get(key);
            if (kept?.[0] === text) return { ...found, result: kept[1] };
            read.set(key, [text, found.result]);
            return found;
          }),
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ result: [1] })]);
      const [first] = await store.get(['t']);
      if (first && 'result' in first) (first.result as number[]).push(2);
      return store.get(['t']);
    },
  },
  {
    name: 'upsert-keeps-old-columns',
    violates: 'STO-8',
    on: 'memory',
    seen: 'ON CONFLICT DO UPDATE with a list of columns',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const kept = copied(records);
        const before = await store.get(records.map(({ taskId }) => taskId));
        return store.put(
          kept.map((record, i) => {
            const found = before[i];
            return found && 'state' in found ? { ...record, meta: { ...found.meta, ...record.meta } } : record;
          }),
          options,
        );
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ state: 'FAILURE', meta: { name: 'first' } })]);
      await store.put([sample({ state: 'STARTED' })]);
      return store.get(['t']);
    },
  },
  ...STO_BATCH_SABOTEURS,
  ...STO_ID_SABOTEURS,
  ...STO_PLACE_SABOTEURS,
];
