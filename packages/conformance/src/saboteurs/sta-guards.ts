import type { PutOutcome, ResultStore, TaskRecord } from '@rb/core';
import { storing } from './altered.js';
import { nowOf, sample, storeOf } from './probe.js';
import type { Saboteur, Scene } from './saboteur.js';

/** The same store with a guard of its own: what it blocks is answered as a final record answers. */
function guarded(
  store: ResultStore,
  { memory, variant, world }: Scene,
  blocks: (kept: TaskRecord, next: TaskRecord) => boolean,
): ResultStore {
  const last = memory as Map<string, TaskRecord>;
  const key = (taskId: string): string => `${variant} ${taskId}`;
  const isLive = ({ expiresAt }: TaskRecord): boolean => expiresAt === null || expiresAt > nowOf(world);
  const putOne = async (record: TaskRecord, options: Parameters<ResultStore['put']>[1]): Promise<PutOutcome> => {
    const kept = last.get(key(record.taskId));
    if (kept && isLive(kept) && blocks(kept, record)) return { applied: false, state: kept.state };
    const [outcome] = await store.put([record], options);
    if (outcome && 'applied' in outcome && outcome.applied) last.set(key(record.taskId), record);
    return outcome as PutOutcome;
  };
  return {
    ...store,
    async put(records, options) {
      if (records.length === 0) return store.put(records, options);
      return Promise.all(records.map((record) => putOne(record, options)));
    },
    async delete(taskIds, options) {
      for (const taskId of taskIds) last.delete(key(taskId));
      return store.delete(taskIds, options);
    },
  };
}

const twoPuts =
  (first: Partial<TaskRecord>, second: Partial<TaskRecord>): Saboteur['exposes'] =>
  async (world) => {
    const store = await storeOf(world);
    await store.put([sample(first)]);
    return store.put([sample(second)]);
  };

/** What is final, by a rule that is nearly the right one. */
export const STA_GUARD_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'newest-done-at-wins',
    violates: 'STA-3',
    on: 'memory',
    seen: 'last write wins by the clocks of the writers',
    sabotage: (store, scene) =>
      guarded(store, scene, (kept, next) => kept.doneAt !== null && next.doneAt !== null && next.doneAt < kept.doneAt),
    exposes: twoPuts({ state: 'FAILURE', doneAt: 2 }, { state: 'FAILURE', doneAt: 1 }),
  },
  {
    name: 'final-by-its-beginning',
    violates: 'STA-6',
    on: 'memory',
    seen: "WHERE status NOT LIKE 'SUCCESS%'",
    sabotage: (store, scene) => guarded(store, scene, ({ state }) => state.startsWith('SUCCESS')),
    exposes: twoPuts({ state: 'SUCCESS (in part)' }, { state: 'STARTED' }),
  },
  {
    name: 'final-by-a-plain-object',
    violates: 'STA-6',
    on: 'memory',
    sabotage(store, scene) {
      const FINAL: Readonly<Record<string, unknown>> = { SUCCESS: true };
      return guarded(store, scene, ({ state }) => Boolean(FINAL[state]));
    },
    exposes: twoPuts({ state: 'constructor' }, { state: 'STARTED' }),
  },
  {
    name: 'cuts-long-states',
    violates: 'STA-6',
    on: 'memory',
    seen: "MySQL without strict mode: Celery's status is VARCHAR(50)",
    sabotage: (store) => storing(store, (record) => ({ ...record, state: record.state.slice(0, 50) })),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ state: 'x'.repeat(60) })]);
      return store.get(['t']);
    },
  },
  {
    name: 'shortens-the-life-without-saying-so',
    violates: 'STA-10',
    on: 'memory',
    seen: 'Redis: EXPIRE after a SET that was refused; the record itself tells its old deadline',
    sabotage(store, { world, memory }) {
      const gone = memory as Map<string, number>;
      return {
        ...store,
        async put(records, options) {
          const outcomes = await store.put(records, options);
          outcomes.forEach((outcome, i) => {
            const { taskId, expiresAt } = records[i] as TaskRecord;
            if (!('applied' in outcome)) return;
            if (outcome.applied) gone.delete(taskId);
            else if (expiresAt !== null) gone.set(taskId, expiresAt);
          });
          return outcomes;
        },
        get: async (taskIds, options) =>
          (await store.get(taskIds, options)).map((found, i) =>
            (gone.get(taskIds[i] as string) ?? Number.POSITIVE_INFINITY) > nowOf(world) ? found : undefined,
          ),
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ expiresAt: nowOf(world) + 60_000 })]);
      await store.put([sample({ state: 'STARTED', expiresAt: nowOf(world) + 1_000 })]);
      if (world.clock.kind === 'virtual') await world.clock.advance(2_000);
      return store.get(['t']);
    },
  },
];
