import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { isReady, type TaskRecord } from '@rb/core';
import { notifying, overhear, quietly, subscribed, subscribing, toldOf } from './notifying.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur, Scene } from './saboteur.js';
import { WAI_BACKEND_SABOTEURS } from './wai-backend.js';
import { WAI_ID_SABOTEURS } from './wai-ids.js';
import { WAI_SUBSCRIPTION_SABOTEURS } from './wai-subscriptions.js';
import { WAI_WAIT_SABOTEURS } from './wai-waits.js';

/** Of a server that takes so many arguments at most. */
const MAX_ARGUMENTS = 500;
/** Enough for a server of the same machine. */
const PAUSE_MS = 5;

const DELIVERY_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'never-notifies',
    violates: 'WAI-1',
    on: 'memory',
    sabotage: (store) => notifying(store, (notify, handler) => ({ ...notify.subscribe(handler), add: async () => {} })),
    exposes: (world) => toldOf(world, (subscription) => subscription.add(['t'])),
  },
  {
    name: 'forgets-ids-added-later',
    violates: 'WAI-1',
    on: 'memory',
    sabotage: (store) =>
      subscribing(store, (inner) => {
        let live = false;
        return {
          async add(taskIds, options) {
            if (!live) await inner.add(taskIds, options);
            live = true;
          },
        };
      }),
    exposes: (world) =>
      toldOf(world, async (subscription) => {
        await subscription.add(['other']);
        await subscription.add(['t']);
      }),
  },
  {
    name: 'says-live-after-a-while',
    violates: 'WAI-2',
    on: 'wire',
    seen: 'a pause in place of the confirmation',
    sabotage: (store) =>
      subscribing(store, (inner) => ({
        async add(taskIds, options) {
          await Promise.race([inner.add(taskIds, options), sleep(PAUSE_MS)]);
        },
      })),
    async exposes(world) {
      const [watching, writing] = [await world.open(), await storeOf(world)];
      if (!watching) return undefined;
      const { states, subscription } = subscribed(watching.store);
      await subscription.add(['first']);
      await watching.link?.latency(50);
      await subscription.add(['t']);
      await writing.put([sample()]);
      await sleep(200);
      return states;
    },
  },
  {
    name: 'publishes-before-writing',
    violates: 'WAI-3',
    on: 'memory',
    sabotage(store, scene) {
      const { store: overheard, tell } = overhear(store, scene);
      return {
        ...overheard,
        async put(records, options) {
          for (const record of records) tell(record, 'who-asked');
          await turn();
          return store.put(records, options);
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      let found: Promise<unknown> | undefined;
      const { subscription } = subscribed(store, () => {
        found ??= store.get(['t']);
      });
      await subscription.add(['t']);
      await store.put([sample()]);
      await turn();
      return found;
    },
  },
  {
    name: 'publishes-the-last-of-a-batch',
    violates: 'WAI-4',
    on: 'memory',
    sabotage(store, { memory }) {
      const unpublished = (memory.get('unpublished') as Set<string> | undefined) ?? new Set<string>();
      memory.set('unpublished', unpublished);
      return {
        ...notifying(store, (notify, handler) =>
          notify.subscribe({
            gap: () => handler.gap(),
            record: (outcome) => unpublished.has(outcome.taskId) || handler.record(outcome),
          }),
        ),
        put(records, options) {
          for (const { taskId } of records) unpublished.add(taskId);
          unpublished.delete(records.at(-1)?.taskId ?? '');
          return store.put(records, options);
        },
      };
    },
    async exposes(world) {
      const store = await storeOf(world);
      const { states, subscription } = subscribed(store);
      await subscription.add(['a', 'b']);
      await store.put([sample({ taskId: 'a' }), sample({ taskId: 'b' })]);
      await sleep(50);
      return states;
    },
  },
  {
    name: 'ready-records-overtake',
    violates: 'WAI-4',
    on: 'memory',
    sabotage: (store) =>
      notifying(store, (notify, handler) =>
        notify.subscribe({
          gap: () => handler.gap(),
          record(outcome) {
            if ('state' in outcome && isReady(outcome.state)) handler.record(outcome);
            else setTimeout(() => quietly(() => handler.record(outcome)), 2);
          },
        }),
      ),
    async exposes(world) {
      const store = await storeOf(world);
      const { states, subscription } = subscribed(store);
      await subscription.add(['t']);
      await store.put([sample({ state: 'STARTED' })]);
      await store.put([sample()]);
      await sleep(50);
      return states;
    },
  },
  {
    name: 'publishes-less-than-it-stores',
    violates: 'WAI-9',
    on: 'memory',
    seen: 'Celery 5.6 rpc: a reply has five fields, a stored document more',
    sabotage: (store) =>
      notifying(store, (notify, handler) =>
        notify.subscribe({
          gap: () => handler.gap(),
          record: (outcome) => handler.record('state' in outcome ? { ...outcome, meta: {} } : outcome),
        }),
      ),
    exposes: toldOfMeta,
  },
  {
    name: 'publishes-without-deadline',
    violates: 'WAI-9',
    on: 'memory',
    sabotage: (store) =>
      notifying(store, (notify, handler) =>
        notify.subscribe({
          gap: () => handler.gap(),
          record: (outcome) => handler.record('state' in outcome ? { ...outcome, expiresAt: null } : outcome),
        }),
      ),
    exposes: toldOfMeta,
  },
  {
    name: 'subscribes-to-so-many-at-most',
    violates: 'WAI-21',
    on: 'memory',
    sabotage: (store) =>
      subscribing(store, (inner) => {
        return { add: (taskIds, options) => inner.add(taskIds.slice(0, MAX_ARGUMENTS), options) };
      }),
    exposes: (world) =>
      toldOf(world, (subscription) =>
        subscription.add([...Array.from({ length: MAX_ARGUMENTS }, (_, i) => `${i}`), 't']),
      ),
  },
];

async function toldOfMeta(world: Scene['world']): Promise<unknown> {
  const store = await storeOf(world);
  const found: unknown[] = [];
  const subscription = store.notify?.subscribe({ record: (outcome) => found.push(outcome), gap: () => {} });
  await subscription?.add(['t']);
  const far: Partial<TaskRecord> = { meta: { name: 'tasks.add' }, expiresAt: 4_000_000_000_000 };
  await store.put([sample(far)]);
  await sleep(50);
  return found;
}

/** Waiting and notification. */
export const WAI_SABOTEURS: readonly Saboteur[] = [
  ...DELIVERY_SABOTEURS,
  ...WAI_SUBSCRIPTION_SABOTEURS,
  ...WAI_ID_SABOTEURS,
  ...WAI_WAIT_SABOTEURS,
  ...WAI_BACKEND_SABOTEURS,
];
