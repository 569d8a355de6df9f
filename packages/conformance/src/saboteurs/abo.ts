import { isResultError, ResultError, ResultNode, type ResultStore, throwIfAborted } from '@rb/core';
import { ABO_WAIT_SABOTEURS } from './abo-waits.js';
import { subscribing, toldOf } from './notifying.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'resolved',
    (error: unknown) => (isResultError(error) ? `${error.name} ${error.code} ${String(error.cause)}` : error),
  );

type Get = ResultStore['get'];

/** Aborts and timeouts. */
export const ABO_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'ignores-the-signal',
    violates: 'ABO-1',
    on: 'memory',
    sabotage: (store) => ({ ...store, stats: store.stats && { read: () => store.stats?.read() as never } }),
    exposes: async (world) =>
      outcomeOf((await storeOf(world)).stats?.read({ signal: AbortSignal.abort() }) ?? Promise.resolve()),
  },
  {
    name: 'aborts-only-after-writing',
    violates: 'ABO-1',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const isLate = options?.signal?.aborted && records.every(({ state }) => state === 'FAILURE');
        if (isLate) await store.put(records);
        return store.put(records, options);
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await outcomeOf(store.put([sample({ state: 'FAILURE' })], { signal: AbortSignal.abort() }));
      return store.get(['t']);
    },
  },
  {
    name: 'reports-although-aborted',
    violates: 'ABO-1',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      groups: store.groups && {
        ...store.groups,
        async report(groupId, record, { signal } = {}) {
          const report = await store.groups?.report(groupId, record);
          throwIfAborted(signal, 'the report');
          return report as never;
        },
      },
    }),
    async exposes(world) {
      const { groups } = await storeOf(world);
      const members = [new ResultNode('t'), new ResultNode('other')];
      await groups?.save({ groupId: 'g', members, parent: null, expiresAt: null });
      await outcomeOf(groups?.report('g', sample(), { signal: AbortSignal.abort() }) ?? Promise.resolve());
      return groups?.report('g', sample({ taskId: 'other' }));
    },
  },
  {
    name: 'looks-at-the-signal-only-at-the-start',
    violates: 'ABO-2',
    on: 'wire',
    sabotage: (store) => ({
      ...store,
      delete(taskIds, options) {
        return options?.signal?.aborted ? store.delete(taskIds, options) : store.delete(taskIds);
      },
    }),
    async exposes(world) {
      const handle = await world.open();
      await handle?.store.get(['t']);
      await handle?.link?.blackhole();
      const controller = new AbortController();
      const deleting = outcomeOf(handle?.store.delete(['t'], { signal: controller.signal }) ?? Promise.resolve());
      controller.abort();
      const late = new Promise((resolve) => setTimeout(resolve, 200, 'still waiting'));
      const outcome = await Promise.race([deleting, late]);
      await handle?.link?.heal();
      return outcome;
    },
  },
  {
    name: 'keeps-the-reason-to-itself',
    violates: 'ABO-3',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      get: (taskIds, options) =>
        store.get(taskIds, options).catch((error: ResultError) => {
          throw error.code === 'RB_ABORTED'
            ? new ResultError(error.code, error.message, { cause: new Error('aborted') })
            : error;
        }),
    }),
    exposes: async (world) => outcomeOf((await storeOf(world)).get(['t'], { signal: AbortSignal.abort('mine') })),
  },
  {
    name: 'hands-the-aborted-answer-on',
    violates: 'ABO-4',
    on: 'wire',
    seen: 'a protocol that answers in order, and a queue that forgot its aborted entry',
    sabotage(store) {
      let orphan: ReturnType<Get> | undefined;
      return {
        ...store,
        async get(taskIds, options) {
          const before = orphan;
          orphan = undefined;
          if (before) return before;
          const { signal } = options ?? {};
          if (!signal) return store.get(taskIds, options);
          const calling = store.get(taskIds, options);
          return calling.catch((error: unknown) => {
            if (isResultError(error) && error.code === 'RB_ABORTED' && taskIds.length === 1) {
              orphan = store.get(taskIds);
              orphan.catch(() => {});
            }
            throw error;
          });
        },
      };
    },
    async exposes(world) {
      const handle = await world.open();
      const store = handle?.store;
      await store?.put([sample({ taskId: 'a', result: 'a' }), sample({ taskId: 'b', result: 'b' })]);
      const controller = new AbortController();
      const aborted = outcomeOf(store?.get(['a'], { signal: controller.signal }) ?? Promise.resolve());
      controller.abort();
      await aborted;
      return store?.get(['b']);
    },
  },
  {
    name: 'an-abort-ends-the-batch',
    violates: 'ABO-5',
    on: 'memory',
    seen: 'calls coalesced under the signal of the first',
    sabotage(store) {
      const flying = new Set<AbortController>();
      const endAll = ({ reason }: AbortSignal): void => {
        for (const each of flying) each.abort(reason);
      };
      return {
        ...store,
        async get(taskIds, options) {
          const own = new AbortController();
          flying.add(own);
          const signal = options?.signal;
          // What is aborted before it begins shares no batch with others.
          if (!signal?.aborted) signal?.addEventListener('abort', () => endAll(signal), { once: true });
          try {
            await undefined;
            return await store.get(taskIds, { ...options, signal: signal?.aborted ? signal : own.signal });
          } finally {
            flying.delete(own);
          }
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      const controller = new AbortController();
      const calls = [outcomeOf(store.get(['t'])), outcomeOf(store.get(['t'], { signal: controller.signal }))];
      controller.abort();
      return Promise.all(calls);
    },
  },
  {
    name: 'aborted-watch-stays-subscribed',
    violates: 'ABO-6',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      notify: store.notify && {
        subscribe(handler) {
          const inner = store.notify?.subscribe(handler);
          if (inner === undefined) throw new Error('the store cannot push');
          return {
            ...inner,
            async add(taskIds, options) {
              if (options?.signal?.aborted) await inner.add(taskIds);
              await inner.add(taskIds, options);
            },
          };
        },
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      const told: unknown[] = [];
      const subscription = store.notify?.subscribe({ record: (outcome) => told.push(outcome), gap() {} });
      await outcomeOf(subscription?.add(['t'], { signal: AbortSignal.abort() }) ?? Promise.resolve());
      await store.put([sample()]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return told.length;
    },
  },
  {
    name: 'an-aborted-add-removes-too-much',
    violates: 'ABO-6',
    on: 'memory',
    sabotage: (store) =>
      subscribing(store, (inner) => ({
        async add(taskIds, options) {
          try {
            await inner.add(taskIds, options);
          } catch (error) {
            inner.remove(taskIds);
            throw error;
          }
        },
      })),
    exposes: (world) =>
      toldOf(world, async (subscription) => {
        await subscription.add(['t']);
        await outcomeOf(subscription.add(['t'], { signal: AbortSignal.abort() }));
      }),
  },
  ...ABO_WAIT_SABOTEURS,
];
