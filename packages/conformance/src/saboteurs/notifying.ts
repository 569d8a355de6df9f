import { setTimeout as sleep } from 'node:timers/promises';
import type { NotifyCapability, ResultStore, Subscription, TaskRecord, WatchHandler } from '@rb/core';
import type { World } from '../harness.js';
import { sample, storeOf } from './probe.js';
import type { Scene } from './saboteur.js';

/** The same store with other subscriptions; one without notify stays as it is. */
export function notifying(
  store: ResultStore,
  subscribe: (notify: NotifyCapability, handler: WatchHandler) => Subscription,
): ResultStore {
  const { notify } = store;
  return notify ? { ...store, notify: { subscribe: (handler) => subscribe(notify, handler) } } : store;
}

/** The same store, whose subscriptions do something otherwise. */
export const subscribing = (
  store: ResultStore,
  otherwise: (inner: Subscription) => Partial<Subscription>,
): ResultStore =>
  notifying(store, (notify, handler) => {
    const inner = notify.subscribe(handler);
    return { ...inner, ...otherwise(inner) };
  });

/** Who asked for what, over all handles of a world: for bugs that go round the store's own notification. */
export interface Overheard {
  readonly store: ResultStore;
  tell(record: TaskRecord, whom: 'who-asked' | 'everyone'): void;
}

export function overhear(store: ResultStore, { memory }: Scene): Overheard {
  const asked = (memory.get('asked') as Map<WatchHandler, Set<string>> | undefined) ?? new Map();
  memory.set('asked', asked);
  return {
    store: notifying(store, (notify, handler) => {
      const inner = notify.subscribe(handler);
      const own = new Set<string>();
      asked.set(handler, own);
      return {
        async add(taskIds, options) {
          for (const taskId of taskIds) own.add(taskId);
          await inner.add(taskIds, options);
        },
        remove(taskIds) {
          for (const taskId of taskIds) own.delete(taskId);
          inner.remove(taskIds);
        },
        async close() {
          asked.delete(handler);
          await inner.close();
        },
      };
    }),
    tell(record, whom) {
      for (const [handler, own] of asked) {
        if (whom === 'who-asked' && !own.has(record.taskId)) continue;
        quietly(() => handler.record(record));
      }
    },
  };
}

/** What a handler throws is its own business. */
export function quietly(call: () => void): void {
  try {
    call();
  } catch {
    // Not the bug that is shown.
  }
}

/** Long enough for a message to a server of the same machine and back. */
const ARRIVAL_MS = 100;

export interface Told {
  readonly states: readonly string[];
  readonly subscription: Subscription;
}

/** A subscription of one handle, and what it was told. */
export function subscribed(store: ResultStore, onRecord: () => void = () => {}): Told {
  const states: string[] = [];
  const subscription = store.notify?.subscribe({
    record(outcome) {
      states.push(`${outcome.taskId} ${'state' in outcome ? outcome.state : 'refused'}`);
      onRecord();
    },
    gap: () => {},
  });
  if (subscription === undefined) throw new Error(`${store.name} declares no notify`);
  return { states, subscription };
}

/** For `exposes`: what a subscription is told of what another handle puts, once `prepare` is done with it. */
export async function toldOf(
  world: World,
  prepare: (subscription: Subscription) => Promise<unknown>,
  taskIds: readonly string[] = ['t'],
): Promise<readonly string[]> {
  const [watching, writing] = [await storeOf(world), await storeOf(world)];
  const { states, subscription } = subscribed(watching);
  await prepare(subscription);
  for (const taskId of taskIds) await writing.put([sample({ taskId })]);
  await sleep(ARRIVAL_MS);
  return states;
}
