import { isResultError, isTaskFailedError, ResultNode } from '@rb/core';
import { backendOf, endOf, withGroups } from './backend-with.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Groups as applications use them. */
export const GRP_BACKEND_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'joins-as-they-come',
    violates: 'GRP-8',
    on: 'memory',
    sabotageBackend: (backend) =>
      withGroups(backend, (group) => ({
        async join(options) {
          const values: unknown[] = [];
          for await (const { taskId } of group.asCompleted(options)) values.push(await backend.result(taskId));
          return values as never;
        },
      })),
    async exposes(world, harness) {
      const [backend, store] = [await backendOf(world, harness), await storeOf(world)];
      const joined = backend.group('g', ['a', 'b']).join();
      await store.put([sample({ taskId: 'b', result: 'b' })]);
      await backend.wait('b');
      await store.put([sample({ taskId: 'a', result: 'a' })]);
      return joined;
    },
  },
  {
    name: 'joins-flat',
    violates: 'GRP-8',
    on: 'memory',
    sabotageBackend: (backend) =>
      withGroups(backend, (group) => ({ join: async (options) => (await group.join(options)).flat() as never })),
    async exposes(world, harness) {
      await (await storeOf(world)).put([sample()]);
      const inside = new ResultNode('inside', null, [new ResultNode('t')]);
      return (await backendOf(world, harness)).group('g', [inside]).join();
    },
  },
  {
    name: 'joins-all-before-it-fails',
    violates: 'GRP-9',
    on: 'memory',
    sabotageBackend: (backend) =>
      withGroups(backend, (group) => ({
        async join(options) {
          const settled = await group.joinSettled(options);
          const failed = settled.find((each) => each.status === 'rejected');
          if (failed) throw failed.reason;
          return (await group.join(options)) as never;
        },
      })),
    async exposes(world, harness) {
      await (await storeOf(world)).put([sample({ state: 'FAILURE' })]);
      return endOf((await backendOf(world, harness)).group('g', ['t', 'not-done']).join());
    },
  },
  {
    name: 'settles-at-the-first-failure',
    violates: 'GRP-9',
    on: 'memory',
    seen: 'Promise.all where Promise.allSettled was meant',
    sabotageBackend: (backend) =>
      withGroups(backend, (group) => ({
        async joinSettled(options) {
          try {
            const values = await group.join(options);
            return values.map((value) => ({ status: 'fulfilled', value })) as never;
          } catch (reason) {
            if (isTaskFailedError(reason)) return [{ status: 'rejected', reason }];
            throw reason;
          }
        },
      })),
    async exposes(world, harness) {
      await (await storeOf(world)).put([sample({ state: 'FAILURE' })]);
      return endOf((await backendOf(world, harness)).group('g', ['t', 'not-done']).joinSettled());
    },
  },
  {
    name: 'pretends-to-save-groups',
    violates: 'GRP-10',
    on: 'bare',
    sabotageBackend: (backend) =>
      withGroups(backend, (group) => ({
        save: (members, options) =>
          group.save(members, options).catch((error: unknown) => {
            if (!isResultError(error) || error.code !== 'RB_UNSUPPORTED') throw error;
          }),
      })),
    exposes: async (world, harness) => endOf((await backendOf(world, harness)).group('g').save(['t'])),
  },
  {
    name: 'yields-in-member-order',
    violates: 'GRP-13',
    on: 'memory',
    sabotageBackend: (backend) =>
      withGroups(backend, (group, members) => ({
        async *asCompleted(options) {
          if (members === undefined) yield* group.asCompleted(options);
          for (const member of members ?? [])
            yield await backend.wait(typeof member === 'string' ? member : member.id, options);
        },
      })),
    async exposes(world, harness) {
      await (await storeOf(world)).put([sample()]);
      const completed = (await backendOf(world, harness)).group('g', ['not-done', 't']).asCompleted();
      return endOf(completed.next());
    },
  },
  {
    name: 'reports-whatever-the-state',
    violates: 'GRP-14',
    on: 'memory',
    sabotageBackend: (backend) =>
      withGroups(backend, (group) => ({
        async report(task, options) {
          const record = typeof task === 'string' ? await backend.get(task, options) : task;
          return group.report({ ...record, state: 'SUCCESS' }, options);
        },
      })),
    async exposes(world, harness) {
      await (await storeOf(world)).put([sample({ state: 'STARTED' })]);
      const group = (await backendOf(world, harness)).group('g');
      await group.save(['t']);
      return endOf(group.report('t'));
    },
  },
  {
    name: 'forgets-the-group-alone',
    violates: 'GRP-15',
    on: 'memory',
    sabotageBackend: (backend) =>
      withGroups(backend, (group) => ({ forget: (options) => backend.group(group.groupId, []).forget(options) })),
    async exposes(world, harness) {
      const store = await storeOf(world);
      await store.put([sample()]);
      const group = (await backendOf(world, harness)).group('g');
      await group.save(['t']);
      await group.forget();
      return store.get(['t']);
    },
  },
];
