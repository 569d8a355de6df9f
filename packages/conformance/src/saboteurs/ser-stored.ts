import type { ResultStore, TaskRecord } from '@rb/core';
import type { StoredForm, World } from '../harness.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** What is read of stored forms that nobody could have written, or that somebody else wrote. */
export const SER_STORED_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'reads-the-undecodable-as-missing',
    violates: 'SER-4',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      get: async (taskIds, options) =>
        (await store.get(taskIds, options)).map((found) => (found && 'refused' in found ? undefined : found)),
    }),
    exposes: (world) => afterRawWrite(world, world.raw?.garbage),
  },
  {
    name: 'reads-before-it-deletes',
    violates: 'SER-4',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async delete(taskIds, options) {
        const outcomes = await store.get(taskIds, options);
        return store.delete(
          taskIds.filter((_, i) => !('refused' in (outcomes[i] ?? {}))),
          options,
        );
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await world.raw?.write('t', world.raw.garbage);
      return store.delete(['t']);
    },
  },
  {
    name: 'reads-other-serializers-as-nothing',
    violates: 'SER-9',
    on: 'memory',
    sabotageWorld: (world) =>
      reads(world, world.raw?.foreign ?? [], (taskId) => sample({ taskId, doneAt: null, result: {} })),
    exposes: (world) => afterRawWrite(world, world.raw?.foreign?.[0]?.stored),
  },
  {
    name: 'takes-a-stack-overflow-for-nothing-stored',
    violates: 'SER-11',
    on: 'memory',
    sabotageWorld: (world) => reads(world, world.raw?.bombs ?? [], () => undefined),
    exposes: (world) => afterRawWrite(world, world.raw?.bombs?.[0]?.stored),
  },
];

/** The world whose stores read some stored forms in their own way. */
function reads(world: World, forms: readonly StoredForm[], as: (taskId: string) => TaskRecord | undefined): World {
  const written = new Set<string>();
  const { raw } = world;
  return {
    ...world,
    raw: raw && {
      ...raw,
      async write(taskId, stored) {
        if (forms.some((form) => form.stored === stored)) written.add(taskId);
        await raw.write(taskId, stored);
      },
    },
    async open(variant) {
      const handle = await world.open(variant);
      if (handle === null) return null;
      const { store } = handle;
      const get: ResultStore['get'] = async (taskIds, options) => {
        const outcomes = await store.get(taskIds, options);
        return outcomes.map((found, i) => (written.has(taskIds[i] ?? '') ? as(taskIds[i] ?? '') : found));
      };
      return { ...handle, store: { ...store, get } };
    },
  };
}

async function afterRawWrite(world: World, stored: unknown): Promise<unknown> {
  await world.raw?.write('t', stored);
  const [found] = await (await storeOf(world)).get(['t']);
  return found && 'refused' in found ? found.refused.code : found;
}
