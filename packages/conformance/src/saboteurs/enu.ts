import { ResultError, type ScanPage } from '@rb/core';
import { scanning } from './altered.js';
import { ENU_CONTENT_SABOTEURS } from './enu-content.js';
import { ENU_HOLDING_SABOTEURS } from './enu-holding.js';
import { idsByPage, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

const THREE = ['a', 'b', 'c'].map((taskId) => sample({ taskId }));

/** Enumeration and cleanup. */
export const ENU_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'scan-repeats-across-pages',
    violates: 'ENU-1',
    on: 'memory',
    seen: 'Redis SCAN',
    sabotage: (store) =>
      scanning(store, async function* (pages, options) {
        let before: ScanPage['records'] = [];
        for await (const page of pages(options)) {
          yield { ...page, records: [...before, ...page.records] };
          before = page.records.slice(-1);
        }
      }),
    exposes: (world) => pagesOfThree(world, 1),
  },
  {
    name: 'a-rewrite-moves-a-record-to-the-end',
    violates: 'ENU-1',
    on: 'memory',
    seen: 'SQLite REPLACE INTO gives the row a new rowid',
    sabotage(store, { memory }) {
      const writes = memory as Map<string, number>;
      let clock = 0;
      const spoilt = scanning(store, async function* (pages, options) {
        const seen = new Map<string, number>();
        let cursor = '';
        for await (const page of pages(options)) {
          for (const { taskId } of page.records) seen.set(taskId, clockOf());
          cursor = page.cursor;
          yield page;
        }
        const again = [...seen].filter(([taskId, at]) => (writes.get(taskId) ?? 0) > at).map(([taskId]) => taskId);
        const records = (await store.get(again)).filter((found) => found !== undefined);
        if (records.length > 0) yield { records, cursor };
      });
      const clockOf = (): number => Math.max(clock, ...writes.values());
      return {
        ...spoilt,
        put(records, options) {
          clock = clockOf() + 1;
          for (const { taskId } of records) writes.set(taskId, clock);
          return store.put(records, options);
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.put(THREE.map((record) => ({ ...record, state: 'STARTED' })));
      const pages: unknown[] = [];
      for await (const { records } of store.scan?.pages({ pageSize: 1 }) ?? []) {
        pages.push(records.map(({ taskId }) => taskId));
        if (pages.length === 1) await store.put(THREE);
      }
      return pages;
    },
  },
  {
    name: 'scan-yields-group-keys',
    violates: 'ENU-2',
    on: 'memory',
    seen: 'KEYS celery-*',
    sabotage(store, { memory }) {
      const { groups } = store;
      const spoilt = scanning(store, async function* (pages, options) {
        yield* pages(options);
        const refused = new ResultError('RB_DECODE', 'no record');
        if (memory.size > 0) yield { records: [...memory.keys()].map((taskId) => ({ taskId, refused })), cursor: '~' };
      });
      return {
        ...spoilt,
        groups: groups && {
          ...groups,
          save(group, options) {
            memory.set(group.groupId, true);
            return groups.save(group, options);
          },
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.groups?.save({ groupId: 'g', members: [], parent: null, expiresAt: null });
      return idsByPage(store);
    },
  },
  ...ENU_HOLDING_SABOTEURS,
  {
    name: 'default-page-is-larger',
    violates: 'ENU-7',
    on: 'memory',
    sabotage: (store) => scanning(store, (pages, options) => pages({ pageSize: 1_000, ...options })),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put(Array.from({ length: 501 }, (_, i) => sample({ taskId: `${i}` })));
      return (await idsByPage(store)).length;
    },
  },
  {
    name: 'cursor-is-known-to-its-handle-alone',
    violates: 'ENU-8',
    on: 'memory',
    seen: 'server-side cursors; a map of open scans',
    sabotage(store) {
      const known = new Set<string | undefined>();
      return scanning(store, async function* (pages, options) {
        for await (const page of pages(known.has(options?.after) ? options : { ...options, after: undefined })) {
          known.add(page.cursor);
          yield page;
        }
      });
    },
    async exposes(world) {
      const [store, other] = [await storeOf(world), await storeOf(world)];
      await store.put(THREE);
      for await (const { cursor } of store.scan?.pages({ pageSize: 1 }) ?? []) {
        return idsByPage(other, { after: cursor });
      }
      return undefined;
    },
  },
  ...ENU_CONTENT_SABOTEURS,
];

async function pagesOfThree(world: Parameters<Saboteur['exposes']>[0], pageSize: number): Promise<unknown> {
  const store = await storeOf(world);
  await store.put(THREE);
  return idsByPage(store, { pageSize });
}
