import { setImmediate as turn } from 'node:timers/promises';
import { type GroupCapability, type GroupRecord, ResultNode, type ResultStore, type TaskRecord } from '@rb/core';
import type { World } from '../harness.js';
import { GRP_BACKEND_SABOTEURS } from './grp-backend.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** The same store with other groups; one without stays as it is. */
function grouping(store: ResultStore, change: (groups: GroupCapability) => Partial<GroupCapability>): ResultStore {
  const { groups } = store;
  return groups ? { ...store, groups: { ...groups, ...change(groups) } } : store;
}

const isMember = (group: GroupRecord | undefined, taskId: string): boolean =>
  group?.members.some(({ id }) => id === taskId) ?? false;

const group = (ids: readonly string[], fields: Partial<GroupRecord> = {}): GroupRecord => ({
  groupId: 'g',
  members: ids.map((id) => new ResultNode(id)),
  parent: null,
  expiresAt: null,
  ...fields,
});

/** For `exposes`: what some calls of groups give. */
async function used(world: World, calls: (groups: GroupCapability, store: ResultStore) => Promise<unknown>) {
  const store = await storeOf(world);
  if (store.groups === undefined) throw new Error(`${store.name} declares no groups`);
  return calls(store.groups, store);
}

const KEEPING_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'keeps-members-in-a-set',
    violates: 'GRP-1',
    on: 'memory',
    seen: 'SMEMBERS',
    sabotage: (store) =>
      grouping(store, ({ save }) => ({
        save: (saved, options) =>
          save({ ...saved, members: saved.members.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }, options),
      })),
    exposes: (world) =>
      used(world, async (groups) => {
        await groups.save(group(['b', 'a']));
        return groups.load('g');
      }),
  },
  {
    name: 'an-empty-group-is-none',
    violates: 'GRP-1',
    on: 'memory',
    seen: 'an empty list is no key in Redis',
    sabotage: (store) =>
      grouping(store, ({ load }) => ({
        async load(groupId, options) {
          const loaded = await load(groupId, options);
          return loaded && loaded.members.length > 0 ? loaded : undefined;
        },
      })),
    exposes: (world) =>
      used(world, async (groups) => {
        await groups.save(group([]));
        return groups.load('g');
      }),
  },
  {
    name: 'delete-of-a-group-is-always-true',
    violates: 'GRP-6',
    on: 'memory',
    sabotage: (store) =>
      grouping(store, (groups) => ({
        async delete(groupId, options) {
          await groups.delete(groupId, options);
          return true;
        },
      })),
    exposes: (world) => used(world, (groups) => groups.delete('g')),
  },
  {
    name: 'a-task-takes-its-group-along',
    violates: 'GRP-7',
    on: 'memory',
    seen: 'one key for both: deleting the task deletes the group',
    sabotage: (store) => ({
      ...store,
      async delete(taskIds, options) {
        for (const taskId of taskIds) await store.groups?.delete(taskId, options);
        return store.delete(taskIds, options);
      },
    }),
    exposes: (world) =>
      used(world, async (groups, store) => {
        await groups.save(group(['a']));
        await store.delete(['g']);
        return groups.load('g');
      }),
  },
  {
    name: 'forgets-the-parent-of-a-group',
    violates: 'GRP-12',
    on: 'memory',
    sabotage: (store) =>
      grouping(store, ({ save }) => ({ save: (saved, options) => save({ ...saved, parent: null }, options) })),
    exposes: (world) =>
      used(world, async (groups) => {
        await groups.save(group(['a'], { parent: new ResultNode('p') }));
        return groups.load('g');
      }),
  },
  {
    name: 'keeps-ids-of-members-alone',
    violates: 'GRP-12',
    on: 'memory',
    sabotage: (store) =>
      grouping(store, ({ save }) => ({
        save: (saved, options) =>
          save(
            { ...saved, members: saved.members.map(({ id, members }) => new ResultNode(id, null, members)) },
            options,
          ),
      })),
    exposes: (world) =>
      used(world, async (groups) => {
        await groups.save(group([], { members: [new ResultNode('a', new ResultNode('p'))] }));
        return groups.load('g');
      }),
  },
];

const REPORT_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'integer-group-counter',
    violates: 'GRP-2',
    on: 'memory',
    seen: 'Celery backends/redis.py: INCR of chord parts',
    sabotage: (store, { memory }) =>
      grouping(store, (groups) => ({
        async save(saved, options) {
          memory.delete(saved.groupId);
          await groups.save(saved, options);
        },
        async report(groupId, record, options) {
          const outcome = await groups.report(groupId, record, options);
          const saved = await groups.load(groupId, options);
          if (!isMember(saved, record.taskId)) return outcome;
          const reported = Number(memory.get(groupId) ?? 0) + 1;
          memory.set(groupId, reported);
          return { reported, last: reported === saved?.members.length };
        },
      })),
    exposes: (world) =>
      used(world, async (groups) => {
        await groups.save(group(['a', 'b']));
        await groups.report('g', sample({ taskId: 'a' }));
        return groups.report('g', sample({ taskId: 'a' }));
      }),
  },
  {
    name: 'a-complete-group-is-always-last',
    violates: 'GRP-2',
    on: 'memory',
    sabotage: (store) =>
      grouping(store, (groups) => ({
        async report(groupId, record, options) {
          const outcome = await groups.report(groupId, record, options);
          const saved = await groups.load(groupId, options);
          const last = isMember(saved, record.taskId) && outcome.reported === saved?.members.length;
          return { ...outcome, last };
        },
      })),
    exposes: (world) =>
      used(world, async (groups) => {
        await groups.save(group(['a']));
        await groups.report('g', sample({ taskId: 'a' }));
        return groups.report('g', sample({ taskId: 'a' }));
      }),
  },
  {
    name: 'adds-then-counts',
    violates: 'GRP-3',
    on: 'memory',
    seen: 'SADD, then SCARD',
    sabotage: (store, { memory }) =>
      grouping(store, (groups) => ({
        async report(groupId, record, options) {
          const outcome = await groups.report(groupId, record, options);
          if (outcome.reported === 0) return outcome;
          const key = `${groupId} count`;
          memory.set(key, outcome.reported);
          await turn();
          return { ...outcome, reported: Number(memory.get(key)) };
        },
      })),
    exposes: (world) =>
      used(world, async (groups) => {
        await groups.save(group(['a', 'b']));
        return Promise.all(['a', 'b'].map((taskId) => groups.report('g', sample({ taskId }))));
      }),
  },
  {
    name: 'a-counter-for-an-unknown-group',
    violates: 'GRP-4',
    on: 'memory',
    seen: 'INCR makes the key',
    sabotage: (store, { memory }) =>
      grouping(store, (groups) => ({
        async report(groupId, record, options) {
          if (await groups.load(groupId, options)) return groups.report(groupId, record, options);
          const reported = Number(memory.get(groupId) ?? 0) + 1;
          memory.set(groupId, reported);
          return { reported, last: false };
        },
      })),
    exposes: (world) => used(world, (groups) => groups.report('g', sample())),
  },
  {
    name: 'counts-strangers',
    violates: 'GRP-5',
    on: 'memory',
    sabotage: (store) =>
      grouping(store, (groups) => ({
        async report(groupId, record, options) {
          const outcome = await groups.report(groupId, record, options);
          const saved = await groups.load(groupId, options);
          const stranger = saved !== undefined && !isMember(saved, record.taskId);
          return stranger ? { ...outcome, reported: outcome.reported + 1 } : outcome;
        },
      })),
    exposes: (world) =>
      used(world, async (groups) => {
        await groups.save(group(['a']));
        return groups.report('g', sample({ taskId: 'stranger' }));
      }),
  },
  {
    name: 'save-keeps-the-reports',
    violates: 'GRP-11',
    on: 'memory',
    sabotage: (store, { memory }) =>
      grouping(store, (groups) => ({
        async save(saved, options) {
          const isThere = await groups.load(saved.groupId, options);
          await groups.save(saved, options);
          const reported = (memory.get(saved.groupId) as TaskRecord[] | undefined) ?? [];
          if (isThere) for (const record of reported) await groups.report(saved.groupId, record, options);
        },
        report(groupId, record, options) {
          memory.set(groupId, [...((memory.get(groupId) as TaskRecord[] | undefined) ?? []), record]);
          return groups.report(groupId, record, options);
        },
      })),
    exposes: (world) =>
      used(world, async (groups) => {
        await groups.save(group(['a', 'b']));
        await groups.report('g', sample({ taskId: 'a' }));
        await groups.save(group(['a', 'b']));
        return groups.report('g', sample({ taskId: 'b' }));
      }),
  },
];

/** Groups. */
export const GRP_SABOTEURS: readonly Saboteur[] = [...KEEPING_SABOTEURS, ...REPORT_SABOTEURS, ...GRP_BACKEND_SABOTEURS];
