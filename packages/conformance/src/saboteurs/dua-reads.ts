import { setImmediate as turn } from 'node:timers/promises';
import type { NotifyCapability, ResultStore, TaskRecord } from '@rb/core';
import { lookAtPair } from './look-at-pair.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { away, ofSide, ofStore } from './spoilt-pairs.js';

/** Pairs that read, tell or guard in a wrong way. */
export const DUA_READ_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'dual-falls-back-on-errors-alone',
    violates: 'DUA-5',
    on: 'dual',
    seen: 'recipes that try the old backend in an except clause',
    sabotageDual: ofStore((store, { primary, secondary }) => ({
      ...store,
      get: (taskIds, options) => primary.get(taskIds, options).catch(() => secondary.get(taskIds, options)),
    })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, secondary }) => {
        await secondary.put([sample()]);
        return pair.get(['t']);
      }),
  },
  {
    name: 'dual-falls-back-where-all-is-missing',
    violates: 'DUA-5',
    on: 'dual',
    sabotageDual: ofStore((store, { primary }) => ({
      ...store,
      async get(taskIds, options) {
        const found = await primary.get(taskIds, options);
        return found.some(Boolean) && found.includes(undefined) ? found : store.get(taskIds, options);
      },
    })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, secondary }) => {
        await secondary.put([sample()]);
        await pair.put([sample({ taskId: 'u' })]);
        return pair.get(['t', 'u']);
      }),
  },
  {
    name: 'dual-lets-a-late-started-into-the-new-store',
    violates: 'DUA-7',
    on: 'dual',
    sabotageDual: (dual) => ({
      ...dual,
      create(options) {
        const { secondary } = options;
        const unseen = { ...secondary, get: async (taskIds: readonly string[]) => taskIds.map(() => undefined) };
        return { ...dual.create(options), put: dual.create({ ...options, secondary: unseen }).put };
      },
    }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, primary, secondary }) => {
        await secondary.put([sample()]);
        await pair.put([sample({ state: 'STARTED' })]);
        return primary.get(['t']);
      }),
  },
  {
    name: 'dual-believes-whatever-the-primary-has',
    violates: 'DUA-7',
    on: 'dual',
    sabotageDual: ofStore((store, { primary }) => ({
      ...store,
      async get(taskIds, options) {
        const [found, both] = [await primary.get(taskIds, options), await store.get(taskIds, options)];
        return taskIds.map((_, at) => found[at] ?? both[at]);
      },
    })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, secondary }) => {
        await pair.put([sample({ state: 'STARTED' })]);
        await secondary.put([sample()]);
        return pair.get(['t']);
      }),
  },
  {
    name: 'dual-tells-of-failures-twice',
    violates: 'DUA-9',
    on: 'dual',
    sabotageDual: ofStore((store, { secondary }) => ({
      ...store,
      notify: store.notify && secondary.notify && echoing(store.notify, failuresOf(secondary.notify)),
    })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, ({ pair }) => timesTold(pair, pair, sample({ state: 'FAILURE' }))),
  },
  {
    name: 'dual-tells-of-both-writes',
    violates: 'DUA-9',
    on: 'dual',
    sabotageDual: ofStore((store, { primary, secondary }) => ({
      ...store,
      notify: primary.notify && secondary.notify && echoing(primary.notify, secondary.notify),
    })),
    exposes: (world, harness) => lookAtPair(world, harness, ({ pair }) => timesTold(pair, pair, sample())),
  },
  {
    name: 'dual-leaves-alone-what-the-primary-has-already',
    violates: 'DUA-15',
    on: 'dual',
    sabotageDual: (dual) => ({
      ...dual,
      create(options) {
        const { primary } = options;
        const unseen = { ...primary, get: async (taskIds: readonly string[]) => taskIds.map(() => undefined) };
        return { ...dual.create(options), put: dual.create({ ...options, primary: unseen }).put };
      },
    }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, primary, secondary }) => {
        await primary.put([sample()]);
        await pair.put([sample()]);
        return secondary.get(['t']);
      }),
  },
  {
    name: 'dual-listens-to-the-primary-alone',
    violates: 'DUA-16',
    on: 'dual',
    sabotageDual: ofStore((store, { primary }) => ({ ...store, notify: store.notify && primary.notify })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, ({ pair, secondary }) => timesTold(pair, secondary, sample())),
  },
  {
    name: 'dual-reads-nothing-where-the-secondary-is-away',
    violates: 'DUA-17',
    on: 'dual',
    sabotageDual: ofSide('secondary', (store) => ({
      ...store,
      get: (taskIds, options) => store.get(taskIds, options).catch(() => taskIds.map(() => undefined)),
    })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, ({ pair }) => pair.get(['t']).catch(() => 'an error'), {
        secondary: (store) => ({ ...store, get: away }),
      }),
  },
];

/** Both tell the handler, without a look at what the other told. */
const echoing = (first: NotifyCapability, second: NotifyCapability): NotifyCapability => ({
  subscribe(handler) {
    const both = [first.subscribe(handler), second.subscribe(handler)];
    return {
      async add(taskIds, options) {
        for (const each of both) await each.add(taskIds, options);
      },
      remove(taskIds) {
        for (const each of both) each.remove(taskIds);
      },
      async close() {
        for (const each of both) await each.close();
      },
    };
  },
});

const failuresOf = ({ subscribe }: NotifyCapability): NotifyCapability => ({
  subscribe: (handler) =>
    subscribe({
      record(outcome) {
        if ('state' in outcome && outcome.state === 'FAILURE') handler.record(outcome);
      },
      gap: () => handler.gap(),
    }),
});

/** How often a watcher of the pair hears of a record that is put through a store. */
async function timesTold(pair: ResultStore, through: ResultStore, record: TaskRecord): Promise<number> {
  let told = 0;
  const subscription = pair.notify?.subscribe({
    record() {
      told += 1;
    },
    gap: () => {},
  });
  await subscription?.add([record.taskId]);
  await through.put([record]);
  await turn();
  return told;
}
