import { ResultError } from '@rb/core';
import { sample, storeOf } from './probe.js';
import { renaming } from './renaming.js';
import type { Saboteur } from './saboteur.js';

/** What is read under one id after another one was put. */
const mistaking =
  (stored: string, read: string): Saboteur['exposes'] =>
  async (world) => {
    const store = await storeOf(world);
    await store.put([sample({ taskId: stored })]);
    return store.get([read]);
  };

/** Ids. */
export const STO_ID_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'lower-cases-ids',
    violates: 'STO-10',
    on: 'memory',
    seen: "MySQL's default collation",
    sabotage: (store) => renaming(store, (taskId) => taskId.toLowerCase()),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ taskId: 'A' })]);
      return store.get(['a']);
    },
  },
  {
    name: 'trims-ids',
    violates: 'STO-10',
    on: 'memory',
    seen: 'MySQL and CHAR columns ignore trailing spaces',
    sabotage: (store) => renaming(store, (taskId) => taskId.trimEnd()),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ taskId: 'a ' })]);
      return store.get(['a']);
    },
  },
  {
    name: 'cuts-long-ids',
    violates: 'STO-11',
    on: 'memory',
    seen: 'MySQL without strict mode: VARCHAR(155)',
    sabotage: (store) => renaming(store, (taskId) => taskId.slice(0, 155)),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ taskId: 'x'.repeat(200) })]);
      return store.get(['x'.repeat(199)]);
    },
  },
  {
    name: 'takes-normal-forms-for-equal',
    violates: 'STO-10',
    on: 'memory',
    seen: 'file systems of macOS; collations of SQL servers',
    sabotage: (store) => renaming(store, (taskId) => taskId.normalize('NFC')),
    exposes: mistaking('e\u0301', '\u00e9'),
  },
  {
    name: 'ids-are-numbers-where-they-can-be',
    violates: 'STO-10',
    on: 'memory',
    seen: 'SQLite: a column without TEXT affinity',
    sabotage: (store) =>
      renaming(store, (taskId) => (/^\s*\d+(\.\d+)?$/.test(taskId) ? String(Number(taskId)) : taskId)),
    exposes: mistaking('07', '7'),
  },
  {
    name: 'ids-are-paths',
    violates: 'STO-10',
    on: 'memory',
    seen: 'a file or an object per record: path.join, URL',
    sabotage: (store) =>
      renaming(store, (taskId) => decodeURI(new URL(encodeURI(taskId), 'file:///').pathname).slice(1)),
    exposes: mistaking('a/../b', 'b'),
  },
  {
    name: 'shortcuts-through-a-plain-object',
    violates: 'STO-10',
    on: 'memory',
    sabotage(store) {
      // The reads under way, to be joined. Every object has a constructor.
      const underWay: Record<string, ReturnType<typeof store.get>> = {};
      return {
        ...store,
        async get(taskIds, options) {
          const [only] = taskIds;
          if (taskIds.length !== 1 || only === undefined || !(only in underWay)) return store.get(taskIds, options);
          const [found] = await (underWay[only] as ReturnType<typeof store.get>);
          return [found];
        },
      };
    },
    exposes: async (world) =>
      (await storeOf(world)).get(['constructor']).then(
        () => 'answered',
        () => 'rejected',
      ),
  },
  {
    name: 'cuts-ids-at-u0000',
    violates: 'STO-11',
    on: 'memory',
    seen: 'drivers that give their strings to C',
    sabotage: (store) => renaming(store, (taskId) => taskId.split('\0', 1)[0] ?? taskId),
    exposes: mistaking('a\0b', 'a'),
  },
  {
    name: 'rejects-to-read-what-it-refused',
    violates: 'STO-11',
    on: 'memory',
    seen: 'PostgreSQL 22021: invalid byte sequence for encoding "UTF8": 0x00',
    sabotage: (store) => {
      const refusing = <T>(taskId: string | undefined, run: () => Promise<T>): Promise<T> =>
        taskId === undefined
          ? run()
          : Promise.reject(new ResultError('RB_STORE', 'invalid byte sequence for encoding "UTF8": 0x00', { taskId }));
      const bad = (taskIds: readonly string[]): string | undefined => taskIds.find((taskId) => taskId.includes('\0'));
      return {
        ...store,
        put: (records, options) =>
          refusing(bad(records.map(({ taskId }) => taskId)), () => store.put(records, options)),
        get: (taskIds, options) => refusing(bad(taskIds), () => store.get(taskIds, options)),
      };
    },
    exposes: async (world) => (await storeOf(world)).get(['a\0']).catch(() => 'rejected'),
  },
];
