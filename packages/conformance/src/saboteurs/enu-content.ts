import { isResultError, ResultError } from '@rb/core';
import { pagesWith, scanning } from './altered.js';
import { idsByPage, readBack, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

const THREE = ['a', 'b', 'c'].map((taskId) => sample({ taskId }));

/** What of the records a scan yields, and what statistics say of them. */
export const ENU_CONTENT_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'since-is-exclusive',
    violates: 'ENU-9',
    on: 'memory',
    sabotage: (store) =>
      scanning(store, (pages, options) => {
        const { filter } = options ?? {};
        return pages(
          filter?.since === undefined ? options : { ...options, filter: { ...filter, since: filter.since + 1 } },
        );
      }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ doneAt: 5 })]);
      return idsByPage(store, { filter: { since: 5 } });
    },
  },
  {
    name: 'names-are-patterns',
    violates: 'ENU-9',
    on: 'memory',
    seen: 'LIKE in place of =',
    sabotage: (store) =>
      scanning(store, (pages, options) => {
        const { name, ...filter } = options?.filter ?? {};
        if (!name?.endsWith('%')) return pages(options);
        return pagesWith(pages({ ...options, filter }), (records) =>
          records.filter((each) => 'meta' in each && each.meta.name?.startsWith(name.slice(0, -1))),
        );
      }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ meta: { name: 'app.add' } })]);
      return idsByPage(store, { filter: { name: 'app.%' } });
    },
  },
  {
    name: 'filters-after-the-limit',
    violates: 'ENU-10',
    on: 'memory',
    sabotage: (store) =>
      scanning(store, async function* (pages, options) {
        const { filter, ...rest } = options ?? {};
        if (filter === undefined) return yield* pages(options);
        const matching = new Set((await idsByPage(store, { filter })).flat());
        for await (const page of pages(rest)) {
          const records = page.records.filter(({ taskId }) => matching.has(taskId));
          if (records.length === 0) return;
          yield { ...page, records };
        }
      }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put(THREE.map((record) => (record.taskId === 'c' ? record : { ...record, state: 'FAILURE' })));
      return (await idsByPage(store, { filter: { states: ['SUCCESS'] }, pageSize: 1 })).flat();
    },
  },
  {
    name: 'scan-drops-the-verbatim-form',
    violates: 'ENU-11',
    on: 'memory',
    sabotage: (store) => scanning(store, (pages, options) => pages({ ...options, verbatim: false })),
    async exposes(world) {
      await readBack(world, {});
      const store = await storeOf(world);
      const found: unknown[] = [];
      for await (const { records } of store.scan?.pages({ verbatim: true }) ?? []) found.push(...records);
      return found;
    },
  },
  {
    name: 'scan-drops-the-undecodable',
    violates: 'ENU-12',
    on: 'memory',
    sabotage: (store) =>
      scanning(store, (pages, options) =>
        pagesWith(pages(options), (records) => records.filter((each) => 'state' in each)),
      ),
    async exposes(world) {
      await world.raw?.write('t', world.raw.garbage);
      return idsByPage(await storeOf(world));
    },
  },
  {
    name: 'statistics-are-cached',
    violates: 'ENU-13',
    on: 'memory',
    sabotage(store) {
      const { stats } = store;
      let cached: ReturnType<NonNullable<typeof stats>['read']> | undefined;
      return {
        ...store,
        stats: stats && {
          read(options) {
            cached ??= stats.read(options);
            return cached;
          },
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.stats?.read();
      await store.put([sample()]);
      return (await store.stats?.read())?.total;
    },
  },
  {
    name: 'measures-another-table',
    violates: 'ENU-13',
    on: 'memory',
    sabotage: ({ stats, ...store }) => ({
      ...store,
      stats: stats && { read: async (options) => ({ ...(await stats.read(options)), bytes: 0 }) },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample()]);
      return (await store.stats?.read())?.bytes;
    },
  },
  {
    name: 'takes-the-last-record-of-nothing',
    violates: 'ENU-14',
    on: 'memory',
    sabotage: (store) =>
      scanning(store, async function* (pages, options) {
        let any = options?.filter !== undefined || options?.after !== undefined;
        for await (const page of pages(options)) {
          any = true;
          yield page;
        }
        if (!any) throw new ResultError('RB_STORE', 'cannot read the id of undefined');
      }),
    async exposes(world) {
      return idsByPage(await storeOf(world)).catch((error: unknown) => isResultError(error) && error.code);
    },
  },
];
