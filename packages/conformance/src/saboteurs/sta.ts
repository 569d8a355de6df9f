import { isDeepStrictEqual } from 'node:util';
import { ResultError, type ResultStore, type TaskRecord } from '@rb/core';
import { copied } from './copied.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { STA_GUARD_SABOTEURS } from './sta-guards.js';
import { STA_HISTORY_SABOTEURS } from './sta-histories.js';

type Put = ResultStore['put'];

/** The same store, which answers some puts without doing them. */
const unless =
  (store: ResultStore, skips: (before: string | undefined, state: string) => boolean): Put =>
  async (records, options) => {
    const given = copied(records);
    const found = await store.get(records.map(({ taskId }) => taskId));
    const states = found.map((outcome) => (outcome && 'state' in outcome ? outcome.state : undefined));
    const kept = given.filter((record, i) => !skips(states[i], record.state));
    const outcomes = [...(await store.put(kept, options))];
    return given.map((record) => (kept.includes(record) ? (outcomes.shift() ?? { applied: true }) : { applied: true }));
  };

const KNOWN: ReadonlySet<string> = new Set([
  'PENDING',
  'RECEIVED',
  'STARTED',
  'RETRY',
  'SUCCESS',
  'FAILURE',
  'REVOKED',
  'PROGRESS',
]);

const isKnown = ({ state }: TaskRecord): boolean => KNOWN.has(state);

const after =
  (...states: readonly string[]): Saboteur['exposes'] =>
  async (world) => {
    const store = await storeOf(world);
    for (const state of states) await store.put([sample({ state })]);
    return store.get(['t']);
  };

/** States. */
export const STA_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'last-write-wins',
    violates: 'STA-1',
    on: 'memory',
    seen: 'Celery backends/database and backends/mongodb',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        await store.delete(records.map(({ taskId }) => taskId));
        return store.put(records, options);
      },
    }),
    exposes: after('SUCCESS', 'STARTED'),
  },
  {
    name: 'says-applied-when-it-was-not',
    violates: 'STA-2',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const outcomes = await store.put(records, options);
        return outcomes.map((outcome) => ('applied' in outcome ? { applied: true } : outcome));
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample()]);
      return store.put([sample({ state: 'STARTED' })]);
    },
  },
  {
    name: 'failure-is-final-too',
    violates: 'STA-3',
    on: 'memory',
    seen: 'naive "terminal states"',
    sabotage: (store) => ({
      ...store,
      put: unless(store, (before, state) => before === 'FAILURE' && state !== 'SUCCESS'),
    }),
    exposes: after('FAILURE', 'STARTED'),
  },
  {
    name: 'revoked-is-final-too',
    violates: 'STA-3',
    on: 'memory',
    sabotage: (store) => ({ ...store, put: unless(store, (before) => before === 'REVOKED') }),
    exposes: after('REVOKED', 'STARTED'),
  },
  {
    name: 'refuses-by-precedence',
    violates: 'STA-4',
    on: 'memory',
    seen: "Celery's PRECEDENCE misread: RETRY ranks below STARTED",
    sabotage: (store) => ({
      ...store,
      put: unless(store, (before, state) => before === 'STARTED' && state === 'RETRY'),
    }),
    exposes: after('STARTED', 'RETRY'),
  },
  {
    name: 'the-same-again-is-applied',
    violates: 'STA-5',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const given = copied(records);
        const before = await store.get(records.map(({ taskId }) => taskId));
        const outcomes = await store.put(given, options);
        return outcomes.map((outcome, i) => {
          const found = before[i];
          return isDeepStrictEqual(found, given[i]) ? { applied: true } : outcome;
        });
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ result: [1] })]);
      return store.put([sample({ result: [1] })]);
    },
  },
  {
    name: 'states-are-an-enumeration',
    violates: 'STA-6',
    on: 'memory',
    seen: 'CREATE TYPE state AS ENUM',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const outcomes = [...(await store.put(records.filter(isKnown), options))];
        return records.map(
          (record) =>
            (isKnown(record) ? outcomes.shift() : undefined) ?? {
              refused: new ResultError('RB_STORE', `invalid input value for enum state: ${record.state}`),
            },
        );
      },
    }),
    exposes: async (world) => (await storeOf(world)).put([sample({ state: 'my state' })]),
  },
  {
    name: 'states-are-upper-case',
    violates: 'STA-6',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      put: (records, options) =>
        store.put(
          records.map((record) => ({ ...record, state: record.state.toUpperCase() })),
          options,
        ),
    }),
    exposes: after('success'),
  },
  ...STA_GUARD_SABOTEURS,
  ...STA_HISTORY_SABOTEURS,
];
