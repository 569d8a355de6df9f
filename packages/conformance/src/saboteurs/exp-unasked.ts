import { setTimeout as sleep } from 'node:timers/promises';
import type { GetOutcome, ResultStore, TaskRecord } from '@rb/core';
import type { World } from '../harness.js';
import { nowOf, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** The same store, which reads something else where nobody asked for deadlines. */
const readingBare = (store: ResultStore, change: (found: GetOutcome, taskId: string) => GetOutcome): ResultStore => ({
  ...store,
  async get(taskIds, options) {
    const outcomes = await store.get(taskIds, options);
    return options?.deadlines === false ? outcomes.map((found, i) => change(found, taskIds[i] as string)) : outcomes;
  },
});

/** What a read without deadlines finds of a task with metadata, and of one that has expired. */
async function readBare(world: World): Promise<readonly GetOutcome[]> {
  const store = await storeOf(world);
  const meta = { name: 'tasks.add' };
  await store.put([
    sample({ meta, expiresAt: nowOf(world) + 60_000 }),
    sample({ taskId: 'gone', expiresAt: nowOf(world) - 1_000 }),
  ]);
  return store.get(['t', 'gone'], { deadlines: false });
}

/** Reads and subscriptions that ask for no deadlines. */
export const EXP_UNASKED_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'shows-the-expired-to-who-asks-for-no-deadlines',
    violates: 'EXP-14',
    on: 'memory',
    sabotage(store, { memory }) {
      const put = memory as Map<string, TaskRecord>;
      return {
        ...readingBare(store, (found, taskId) => found ?? put.get(taskId)),
        async put(records, options) {
          for (const record of records) put.set(record.taskId, record);
          return store.put(records, options);
        },
      };
    },
    exposes: readBare,
  },
  {
    name: 'reads-values-alone-without-deadlines',
    violates: 'EXP-14',
    on: 'memory',
    sabotage: (store) => readingBare(store, (found) => (found && 'meta' in found ? { ...found, meta: {} } : found)),
    exposes: readBare,
  },
  {
    name: 'tells-zero-for-a-deadline-nobody-asked-for',
    violates: 'EXP-14',
    on: 'memory',
    sabotage: (store) => readingBare(store, (found) => (found && 'meta' in found ? { ...found, expiresAt: 0 } : found)),
    exposes: readBare,
  },
  {
    name: 'tells-values-alone-without-deadlines',
    violates: 'EXP-15',
    on: 'memory',
    sabotage: ({ notify, ...store }) => ({
      ...store,
      notify: notify && {
        subscribe(handler, options) {
          const tellBare = (found: Parameters<typeof handler.record>[0]): void =>
            handler.record('meta' in found ? { ...found, meta: {} } : found);
          const record = options?.deadlines === false ? tellBare : handler.record;
          return notify.subscribe({ ...handler, record }, options);
        },
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      const told: unknown[] = [];
      const handler = { record: (found: unknown) => told.push(found), gap() {} };
      await store.notify?.subscribe(handler, { deadlines: false }).add(['t']);
      await store.put([sample({ meta: { name: 'tasks.add' } })]);
      await sleep(50);
      return told;
    },
  },
];
