import { isReady } from '@rb/core';
import { readBack, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Where records are, and where not; what is left alone. */
export const STO_PLACE_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'keeps-results-until-they-were-read',
    violates: 'STO-12',
    on: 'wire',
    seen: 'queues: what was consumed is acknowledged, at the latest when the consumer ends',
    sabotage(store) {
      const consumed = new Set<string>();
      return {
        ...store,
        async get(taskIds, options) {
          const outcomes = await store.get(taskIds, options);
          for (const found of outcomes)
            if (found && 'state' in found && isReady(found.state)) consumed.add(found.taskId);
          return outcomes;
        },
        async close() {
          if (consumed.size > 0) await store.delete([...consumed]).catch(() => {});
          consumed.clear();
          await store.close();
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample()]);
      await store.get(['t']);
      await store.close();
      return (await storeOf(world)).get(['t']);
    },
  },
  {
    name: 'keeps-nothing-over-a-restart',
    violates: 'STO-13',
    on: 'wire',
    seen: 'Redis without a file, a transient queue',
    sabotageWorld: (world) => ({
      ...world,
      async restart() {
        const store = await storeOf(world);
        const ids: string[] = [];
        for await (const page of store.scan?.pages() ?? []) ids.push(...page.records.map(({ taskId }) => taskId));
        await store.delete(ids);
        await store.close();
        await world.restart?.();
      },
    }),
    async exposes(world) {
      await readBack(world, {});
      await world.restart?.();
      return (await storeOf(world)).get(['t']);
    },
  },
  {
    name: 'shares-one-namespace',
    violates: 'STO-14',
    on: 'memory',
    seen: 'keyv: clear() of one namespace emptied another',
    sabotage: (store, { world, variant }) => {
      if (variant !== 'other-namespace') return store;
      return {
        ...store,
        async delete(taskIds, options) {
          const ours = await world.open();
          return (await store.delete(taskIds, options)) + ((await ours?.store.delete(taskIds, options)) ?? 0);
        },
      };
    },
    async exposes(world) {
      await readBack(world, {});
      return (await storeOf(world, 'other-namespace')).delete(['t']);
    },
  },
  {
    name: 'channels-know-no-namespace',
    violates: 'STO-14',
    on: 'memory',
    seen: 'Redis: channels are the same in all databases of a server',
    sabotage(store, { world, variant }) {
      const { notify } = store;
      if (variant !== 'other-namespace' || !notify) return store;
      return {
        ...store,
        notify: {
          subscribe(handler) {
            const own = notify.subscribe(handler);
            const theirs = world.open().then((handle) => handle?.store.notify?.subscribe(handler));
            return {
              async add(taskIds, options) {
                await Promise.all([own.add(taskIds, options), (await theirs)?.add(taskIds, options)]);
              },
              remove(taskIds) {
                own.remove(taskIds);
                void theirs.then((subscription) => subscription?.remove(taskIds));
              },
              async close() {
                await Promise.all([own.close(), (await theirs)?.close()]);
              },
            };
          },
        },
      };
    },
    async exposes(world) {
      const told: unknown[] = [];
      const watching = (await storeOf(world, 'other-namespace')).notify?.subscribe({
        record: (outcome) => told.push(outcome),
        gap() {},
      });
      await watching?.add(['t']);
      await readBack(world, {});
      return told.length;
    },
  },
  {
    name: 'groups-know-no-namespace',
    violates: 'STO-14',
    on: 'memory',
    sabotage(store, { variant, memory }) {
      if (variant !== 'other-namespace') memory.set('groups', store.groups);
      return { ...store, groups: (memory.get('groups') ?? store.groups) as typeof store.groups };
    },
    async exposes(world) {
      await (await storeOf(world)).groups?.save({ groupId: 'g', members: [], parent: null, expiresAt: null });
      return (await storeOf(world, 'other-namespace')).groups?.load('g');
    },
  },
  {
    name: 'sorts-the-ids-it-was-given',
    violates: 'STO-18',
    on: 'memory',
    seen: 'against deadlocks: ids.sort() sorts in place',
    // As what is written in JavaScript does.
    sabotage: (store) => ({
      ...store,
      delete: (taskIds, options) => store.delete((taskIds as string[]).sort(), options),
    }),
    async exposes(world) {
      const ids = ['b', 'a'];
      await (await storeOf(world)).delete(ids);
      return ids;
    },
  },
];
