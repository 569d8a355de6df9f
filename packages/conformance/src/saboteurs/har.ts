import type { World } from '../harness.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { ending, withHandles } from './with-handles.js';

let firstWorld: World | undefined;

/** Is the harness sound? Checked first; where one fails, nothing else is judged. */
export const HAR_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'one-place-for-all-worlds',
    violates: 'HAR-1',
    on: 'memory',
    sabotageWorld(world) {
      firstWorld ??= { ...world, async dispose() {} };
      return firstWorld;
    },
    exposes: (world, harness) =>
      withHandles(world, async ({ store }) => {
        await store.put([sample()]);
        const other = await harness.world();
        return withHandles(other, async (stranger) => stranger.store.get(['t']));
      }),
  },
  {
    name: 'one-place-for-each-handle',
    violates: 'HAR-2',
    on: 'memory',
    sabotageWorld(world) {
      let opened = 0;
      return {
        ...world,
        open(variant = 'default') {
          opened += 1;
          return world.open(variant === 'default' && opened % 2 === 0 ? 'other-namespace' : variant);
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async (a, b) => {
        await a.store.put([sample()]);
        return b.store.get(['t']);
      }),
  },
  {
    name: 'looks-beneath-another-prefix',
    violates: 'HAR-3',
    on: 'memory',
    sabotageWorld: (world) => ({
      ...world,
      raw: world.raw && { ...world.raw, read: async (taskId) => world.raw?.read(`celery-${taskId}`) },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store }) => {
        await store.put([sample()]);
        return (await world.raw?.read('t')) !== undefined;
      }),
  },
  {
    name: 'writes-raw-to-another-prefix',
    violates: 'HAR-3',
    on: 'memory',
    sabotageWorld: (world) => ({
      ...world,
      raw: world.raw && {
        ...world.raw,
        write: async (taskId, stored) => world.raw?.write(`celery-${taskId}`, stored),
      },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store }) => {
        await world.raw?.write('t', '{"status": "STARTED"}');
        return store.get(['t']);
      }),
  },
  {
    name: 'cuts-nothing',
    violates: 'HAR-4',
    on: 'wire',
    sabotageWorld: (world) => ({
      ...world,
      async open(variant) {
        const handle = await world.open(variant);
        return handle?.link ? { ...handle, link: { ...handle.link, async cut() {} } } : handle;
      },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await link.cut({ refuse: true });
        return ending(store.get(['t']));
      }),
  },
  {
    name: 'heals-nothing',
    violates: 'HAR-4',
    on: 'wire',
    sabotageWorld: (world) => ({
      ...world,
      async open(variant) {
        const handle = await world.open(variant);
        return handle?.link ? { ...handle, link: { ...handle.link, async heal() {} } } : handle;
      },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await link.cut({ refuse: true });
        await link.heal();
        return ending(store.get(['t']));
      }),
  },
  {
    name: 'gives-the-token-of-another-place',
    violates: 'HAR-5',
    on: 'wire',
    sabotageWorld: (world) => ({ ...world, token: world.token?.replace('default', 'other') }),
    exposes: (world, harness) =>
      withHandles(world, async ({ store }) => {
        await store.put([sample()]);
        return withHandles(await harness.world(world.token), async (second) => second.store.get(['t']));
      }),
  },
];
