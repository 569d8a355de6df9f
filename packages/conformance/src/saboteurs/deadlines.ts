import type { ResultStore } from '@rb/core';
import type { World } from '../harness.js';
import { reading, storing } from './altered.js';
import { nowOf, sample, storeOf } from './probe.js';
import type { Scene } from './saboteur.js';

/** Another deadline than the one that was put, which reads tell all the same. */
export function hidden(
  store: ResultStore,
  { world, memory }: Scene,
  change: (expiresAt: number | null, now: number) => number | null,
): ResultStore {
  const put = memory as Map<string, number | null>;
  return reading(
    storing(store, (record) => {
      put.set(`${record.taskId} ${change(record.expiresAt, nowOf(world))}`, record.expiresAt);
      return { ...record, expiresAt: change(record.expiresAt, nowOf(world)) };
    }),
    (record) => {
      const told = put.get(`${record.taskId} ${record.expiresAt}`);
      return told === undefined ? record : { ...record, expiresAt: told };
    },
  );
}

export async function goBy({ clock }: World, ms: number): Promise<void> {
  if (clock.kind !== 'virtual') throw new Error('expected a virtual clock');
  await clock.advance(ms);
}

/** Whether a record with this deadline from now is there after so much time. */
export async function afterDeadline(world: World, ttlMs: number | null, passedMs: number): Promise<boolean> {
  const store = await storeOf(world);
  await store.put([sample({ expiresAt: ttlMs === null ? null : nowOf(world) + ttlMs })]);
  await goBy(world, passedMs);
  return (await store.get(['t']))[0] !== undefined;
}
