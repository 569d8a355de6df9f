import { isFinal, type PutOutcome, type ResultStore, type TaskRecord } from '@rb/core';
import { copied } from './copied.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Puts one record after the other, each after a read that travels to the server and back. */
function afterARead(
  store: ResultStore,
  decide: (record: TaskRecord, before: { readonly state: string | undefined; readonly beganAt: number }) => boolean,
  version: (taskId: string) => number,
): ResultStore['put'] {
  return async (records, options) => {
    const outcomes: PutOutcome[] = [];
    for (const record of copied(records)) {
      const beganAt = version(record.taskId);
      const state = await stateOf(store, record.taskId);
      if (isFinal(state ?? '')) outcomes.push({ applied: false, state: state as string });
      else if (decide(record, { state, beganAt })) outcomes.push(...(await store.put([record], options)));
      else outcomes.push({ applied: false, state: (await stateOf(store, record.taskId)) ?? 'PENDING' });
    }
    return records.length === 0 ? store.put(records, options) : outcomes;
  };
}

async function stateOf(store: ResultStore, taskId: string): Promise<string | undefined> {
  const [found] = await store.get([taskId]);
  return found && 'state' in found ? found.state : undefined;
}

/** A SUCCESS under way for 40 ms, and what is put through another handle meanwhile. */
const overtaken =
  (state: string): Saboteur['exposes'] =>
  async (world) => {
    const [slow, fast] = [await world.open(), await world.open()];
    await Promise.all([slow?.store.get(['t']), fast?.store.get(['t'])]);
    await slow?.link?.latency(20);
    const late = slow?.store.put([sample()]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await fast?.store.put([sample({ state })]);
    await late;
    return fast?.store.get(['t']);
  };

/** Rules about order that lose a SUCCESS. */
export const CON_ORDER_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'gives-up-on-a-conflict',
    violates: 'CON-2',
    on: 'wire',
    seen: 'WATCH, MULTI, EXEC gives null: taken for "somebody was faster"',
    sabotage(store, { memory }) {
      const versions = memory as Map<string, number>;
      const version = (taskId: string): number => versions.get(taskId) ?? 0;
      const decide = ({ taskId }: TaskRecord, { beganAt }: { readonly beganAt: number }): boolean => {
        if (version(taskId) !== beganAt) return false;
        versions.set(taskId, beganAt + 1);
        return true;
      };
      return { ...store, put: afterARead(store, decide, version) };
    },
    exposes: overtaken('STARTED'),
  },
  {
    name: 'the-write-that-began-last-wins',
    violates: 'CON-2',
    on: 'wire',
    seen: 'USING TIMESTAMP of the client',
    sabotage(store, { memory }) {
      const stamps = memory as Map<string, number>;
      const decide = ({ taskId }: TaskRecord, { beganAt }: { readonly beganAt: number }): boolean => {
        if ((stamps.get(taskId) ?? 0) > beganAt) return false;
        stamps.set(taskId, beganAt);
        return true;
      };
      return { ...store, put: afterARead(store, decide, () => performance.now()) };
    },
    exposes: overtaken('STARTED'),
  },
];
