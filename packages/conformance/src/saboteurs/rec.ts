import { isResultError, type PutOutcome, ResultError, type ResultStore } from '@rb/core';
import { sample } from './probe.js';
import { REC_OUTAGE_SABOTEURS } from './rec-outage.js';
import { REC_WATCH_SABOTEURS } from './rec-watch.js';
import type { Saboteur } from './saboteur.js';
import { ending, untilWorks, withHandles } from './with-handles.js';

/** The same store, whose failed calls end in another way. */
function failing(
  store: ResultStore,
  fail: (error: ResultError, operation: 'put' | 'get' | 'delete', ids: readonly string[]) => unknown,
): ResultStore {
  const caught =
    <A extends readonly unknown[], T>(
      operation: 'put' | 'get' | 'delete',
      call: (...args: A) => Promise<T>,
      idsOf: (...args: A) => readonly string[],
    ) =>
    async (...args: A): Promise<T> => {
      try {
        return await call(...args);
      } catch (error) {
        if (isResultError(error)) return (await fail(error, operation, idsOf(...args))) as T;
        throw error;
      }
    };
  return {
    ...store,
    put: caught('put', store.put, (records) => records.map(({ taskId }) => taskId)),
    get: caught('get', store.get, (taskIds) => taskIds),
    delete: caught('delete', store.delete, (taskIds) => taskIds),
  };
}

/** A put whose answer is lost. */
const cutPut: Saboteur['exposes'] = (world) =>
  withHandles(world, async ({ store, link }, b) => {
    await store.get(['t']);
    await link.cutAfter(0);
    return [await ending(store.put([sample()])), (await b.store.get(['t'])).length];
  });

const CUT_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'never-reconnects',
    violates: 'REC-1',
    on: 'wire',
    seen: 'amqplib: a closed channel stays closed',
    sabotage(store) {
      let dead: ResultError | undefined;
      const failed = failing(store, (error) => {
        if (error.retryable) dead = error;
        throw error;
      });
      const alive =
        <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
        async (...args: A): Promise<T> => {
          if (dead) throw dead;
          return call(...args);
        };
      return { ...failed, put: alive(failed.put), get: alive(failed.get), delete: alive(failed.delete) };
    },
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await store.get(['t']);
        await link.cutAfter(0);
        await ending(store.get(['t']));
        return untilWorks(() => store.get(['t']));
      }),
  },
  {
    name: 'reads-a-lost-connection-as-nothing',
    violates: 'REC-2',
    on: 'wire',
    seen: 'Auth.js adapter-pg getUser (src/index.ts:75-82), keyv has()',
    sabotage: (store) =>
      failing(store, (error, operation, ids) => {
        if (operation === 'get' && error.code === 'RB_UNAVAILABLE') return ids.map(() => undefined);
        throw error;
      }),
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await link.cut({ refuse: true });
        return ending(store.get(['t']));
      }),
  },
  {
    name: 'calls-a-cut-read-an-unknown-outcome',
    violates: 'REC-2',
    on: 'wire',
    sabotage: (store) =>
      failing(store, (error, operation) => {
        if (operation !== 'get' || error.code !== 'RB_UNAVAILABLE') throw error;
        throw new ResultError('RB_OUTCOME_UNKNOWN', error.message, { cause: error.cause });
      }),
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await link.cut({ refuse: true });
        return ending(store.get(['t']));
      }),
  },
  {
    name: 'resolves-a-write-that-died-unsent',
    violates: 'REC-3',
    on: 'wire',
    seen: 'keyv set(): emits an error, and resolves',
    sabotage: (store) =>
      failing(store, (error, operation, ids) => {
        if (operation === 'put' && error.code === 'RB_OUTCOME_UNKNOWN') return ids.map(() => ({ applied: true }));
        throw error;
      }),
    exposes: cutPut,
  },
  {
    name: 'calls-a-lost-answer-unavailable',
    violates: 'REC-3',
    on: 'wire',
    sabotage: (store) =>
      failing(store, (error, operation) => {
        if (operation !== 'put' || error.code !== 'RB_OUTCOME_UNKNOWN') throw error;
        throw new ResultError('RB_UNAVAILABLE', error.message, { cause: error.cause });
      }),
    exposes: cutPut,
  },
  {
    name: 'blames-records-for-the-connection',
    violates: 'REC-15',
    on: 'wire',
    seen: '@rb/redis before its first release: a pipeline whose later answers were lost',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        if (records.length === 1) return store.put(records, options);
        const settled = await Promise.allSettled(records.map((record) => store.put([record], options)));
        return settled.map((each) =>
          each.status === 'fulfilled' ? (each.value[0] as PutOutcome) : { refused: each.reason },
        );
      },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await store.get(['t']);
        await link.cutAfter(0);
        return ending(store.put([sample(), sample({ taskId: 'u' })]));
      }),
  },
  {
    name: 'calls-a-lost-delete-unavailable',
    violates: 'REC-14',
    on: 'wire',
    sabotage: (store) =>
      failing(store, (error, operation) => {
        if (operation !== 'delete' || error.code !== 'RB_OUTCOME_UNKNOWN') throw error;
        throw new ResultError('RB_UNAVAILABLE', error.message, { cause: error.cause });
      }),
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await store.put([sample()]);
        await link.cutAfter(0);
        return ending(store.delete(['t']));
      }),
  },
];

/** Loss of connections. */
export const REC_SABOTEURS: readonly Saboteur[] = [...CUT_SABOTEURS, ...REC_WATCH_SABOTEURS, ...REC_OUTAGE_SABOTEURS];
