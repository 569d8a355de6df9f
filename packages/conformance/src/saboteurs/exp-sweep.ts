import { setImmediate as turn } from 'node:timers/promises';
import { ResultNode, type ResultStore, type TaskRecord } from '@rb/core';
import type { World } from '../harness.js';
import { goBy } from './deadlines.js';
import { nowOf, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Physical removal, and deadlines of groups. */
export const EXP_SWEEP_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'sweep-returns-its-limit',
    violates: 'EXP-8',
    on: 'memory',
    sabotage: (store) => sweeping(store, async (sweep, limit) => ((await sweep(limit)) > 0 ? limit : 0)),
    exposes: (world) => swept(world, 10),
  },
  {
    name: 'sweep-knows-no-limit',
    violates: 'EXP-8',
    on: 'memory',
    sabotage: (store) => sweeping(store, (sweep) => sweep(1_000_000)),
    exposes: (world) => swept(world, 1),
  },
  {
    name: 'sweep-does-nothing',
    violates: 'EXP-8',
    on: 'memory',
    sabotage: (store) => sweeping(store, async () => 0),
    exposes: (world) => swept(world, 10),
  },
  {
    name: 'sweep-finds-then-deletes',
    violates: 'EXP-9',
    on: 'memory',
    seen: 'SELECT of the expired ids, then DELETE ... WHERE task_id IN (...)',
    sabotage(store, { world, memory }) {
      const deadlines = memory as Map<string, number | null>;
      const spoilt = sweeping(store, async (sweep, limit) => {
        const now = nowOf(world);
        const found = [...deadlines].filter(([, expiresAt]) => expiresAt !== null && expiresAt <= now);
        await turn();
        const count = await sweep(limit);
        await store.delete(found.map(([taskId]) => taskId));
        return count;
      });
      return {
        ...spoilt,
        put(records, options) {
          for (const { taskId, expiresAt } of records) deadlines.set(taskId, expiresAt);
          return store.put(records, options);
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ state: 'FAILURE', expiresAt: 1 })]);
      const sweep = store.expiry?.sweep?.(10);
      await store.put([sample()]);
      await sweep;
      return store.get(['t']);
    },
  },
  {
    name: 'groups-never-expire',
    violates: 'EXP-10',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      groups: store.groups && {
        ...store.groups,
        save: (group, options) => store.groups?.save({ ...group, expiresAt: null }, options) ?? Promise.resolve(),
      },
    }),
    async exposes(world) {
      const { groups } = await storeOf(world);
      await groups?.save({ groupId: 'g', members: [new ResultNode('t')], parent: null, expiresAt: 1 });
      return (await groups?.load('g')) !== undefined;
    },
  },
  {
    name: 'counts-on-for-the-next-group',
    violates: 'EXP-10',
    on: 'memory',
    seen: "Celery's chord counters outlive the group",
    sabotage: (store, { memory }) => {
      const { groups } = store;
      const reports = memory as Map<string, TaskRecord[]>;
      return {
        ...store,
        groups: groups && {
          ...groups,
          async save(group, options) {
            const isNew = (await groups.load(group.groupId)) === undefined;
            await groups.save(group, options);
            for (const record of isNew ? (reports.get(group.groupId) ?? []) : [])
              await groups.report(group.groupId, record);
          },
          async delete(groupId, options) {
            const existed = await groups.delete(groupId, options);
            if (existed) reports.delete(groupId);
            return existed;
          },
          report(groupId, record, options) {
            reports.set(groupId, [...(reports.get(groupId) ?? []), record]);
            return groups.report(groupId, record, options);
          },
        },
      };
    },
    async exposes(world) {
      const { groups } = await storeOf(world);
      const group = { groupId: 'g', members: [new ResultNode('t'), new ResultNode('u')], parent: null };
      await groups?.save({ ...group, expiresAt: nowOf(world) + 1_000 });
      await groups?.report('g', sample());
      await goBy(world, 2_000);
      await groups?.save({ ...group, expiresAt: null });
      return groups?.report('g', sample({ taskId: 'u' }));
    },
  },
];

type Sweep = (limit: number) => Promise<number>;

function sweeping(store: ResultStore, change: (sweep: Sweep, limit: number) => Promise<number>): ResultStore {
  const { expiry } = store;
  const sweep = expiry?.sweep;
  return sweep ? { ...store, expiry: { ...expiry, sweep: (limit) => change(sweep, limit) } } : store;
}

async function swept(world: World, limit: number): Promise<unknown> {
  const store = await storeOf(world);
  await store.put([sample({ taskId: 'a', expiresAt: 1 }), sample({ taskId: 'b', expiresAt: 1 }), sample()]);
  return store.expiry?.sweep?.(limit);
}
