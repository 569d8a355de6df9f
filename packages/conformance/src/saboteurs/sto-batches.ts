import { ResultError } from '@rb/core';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

const many = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `t${i}`);

/** What is larger is sent in parts. */
const PART = 500;

/** Batches. */
export const STO_BATCH_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'reads-no-more-than-999',
    violates: 'STO-9',
    on: 'memory',
    seen: 'SQLite before 3.32 takes 999 parameters',
    sabotage: (store) => ({
      ...store,
      get: async (taskIds, options) => {
        const outcomes = await store.get(taskIds.slice(0, 999), options);
        return taskIds.map((_, i) => outcomes[i]);
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      const ids = many(1_000);
      for (const taskId of ids) await store.put([sample({ taskId })]);
      return (await store.get(ids)).filter(Boolean).length;
    },
  },
  {
    name: 'one-bad-record-spoils-the-batch',
    violates: 'STO-15',
    on: 'memory',
    seen: 'one transaction around the batch',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const bad = records.find(({ result }) => typeof result === 'function');
        if (!bad) return store.put(records, options);
        const refused = new ResultError('RB_ENCODE', `task ${bad.taskId} cannot be encoded`, { taskId: bad.taskId });
        return records.map(() => ({ refused }));
      },
    }),
    exposes: async (world) => (await storeOf(world)).put([sample(), sample({ taskId: 'bad', result: () => {} })]),
  },
  {
    name: 'refusal-names-nobody',
    violates: 'STO-15',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      put: async (records, options) =>
        (await store.put(records, options)).map((outcome) =>
          'refused' in outcome
            ? { refused: new ResultError(outcome.refused.code, 'a record cannot be encoded') }
            : outcome,
        ),
    }),
    exposes: async (world) => (await storeOf(world)).put([sample(), sample({ taskId: 'bad', result: () => {} })]),
  },
  {
    name: 'keeps-the-first-of-a-batch',
    violates: 'STO-16',
    on: 'memory',
    seen: 'ON CONFLICT DO UPDATE cannot affect a row twice: made unique by id',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const first = new Map(records.toReversed().map((record) => [record.taskId, record]));
        const outcomes = await store.put([...first.values()], options);
        const byId = new Map([...first.keys()].map((taskId, i) => [taskId, outcomes[i]]));
        return records.map(({ taskId }) => byId.get(taskId) ?? { applied: true });
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ state: 'STARTED' }), sample({ state: 'RETRY' })]);
      return store.get(['t']);
    },
  },
  {
    name: 'refused-outcomes-come-last',
    violates: 'STO-17',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const outcomes = await store.put(records, options);
        if (records.length < 500) return outcomes;
        return [
          ...outcomes.filter((outcome) => !('refused' in outcome)),
          ...outcomes.filter((outcome) => 'refused' in outcome),
        ];
      },
    }),
    async exposes(world) {
      const records = many(500).map((taskId, i) => sample({ taskId, result: i === 7 ? () => {} : i }));
      return (await (await storeOf(world)).put(records)).findIndex((outcome) => 'refused' in outcome);
    },
  },
  {
    name: 'leaves-misses-out-of-large-reads',
    violates: 'STO-9',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async get(taskIds, options) {
        const outcomes = await store.get(taskIds, options);
        // From here on it asks in parts, and joins the rows that come back.
        return taskIds.length > PART ? outcomes.filter(Boolean) : outcomes;
      },
    }),
    exposes: async (world) => (await (await storeOf(world)).get(many(PART + 1))).length,
  },
  {
    name: 'stores-the-parts-of-a-put-in-any-order',
    violates: 'STO-16',
    on: 'memory',
    seen: 'Promise.all over parts, a connection of the pool for each',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        if (records.length <= PART) return store.put(records, options);
        const second = await store.put(records.slice(PART), options);
        return [...(await store.put(records.slice(0, PART), options)), ...second];
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      const records = [...many(PART), 't0'].map((taskId, i) => sample({ taskId, state: 'STARTED', result: i }));
      await store.put(records);
      return store.get(['t0']);
    },
  },
  {
    name: 'joins-the-parts-as-they-come',
    violates: 'STO-17',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        if (records.length <= PART) return store.put(records, options);
        const first = await store.put(records.slice(0, PART), options);
        return [...(await store.put(records.slice(PART), options)), ...first];
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ taskId: 't0' })]);
      return (await store.put(many(PART + 1).map((taskId) => sample({ taskId })))).findIndex(
        (outcome) => 'applied' in outcome && !outcome.applied,
      );
    },
  },
];
