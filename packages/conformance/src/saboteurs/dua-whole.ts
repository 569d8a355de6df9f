import { setImmediate as turn } from 'node:timers/promises';
import type { PutOutcome, ResultStore } from '@rb/core';
import { lookAtPair } from './look-at-pair.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { away, ofSide, ofStore } from './spoilt-pairs.js';

/** Enough for any clause that is not about load. */
const MAX_UNDER_WAY = 8;

/** Pairs that do not declare, end or pass on what a store does. */
export const DUA_WHOLE_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'dual-passes-the-signal-to-one-side-only',
    violates: 'DUA-1',
    on: 'dual',
    sabotageDual: ofSide('secondary', (store) => ({ ...store, put: (records) => store.put(records) })),
    async exposes(world, harness) {
      const passed: boolean[] = [];
      const listening = (store: ResultStore): ResultStore => ({
        ...store,
        put(records, options) {
          passed.push(options?.signal !== undefined);
          return store.put(records, options);
        },
      });
      const { signal } = new AbortController();
      const put = ({ pair }: { readonly pair: ResultStore }): Promise<unknown> =>
        pair.put([sample({ state: 'STARTED' })], { signal });
      await lookAtPair(world, harness, put, { secondary: listening });
      return passed;
    },
  },
  {
    name: 'dual-declares-what-one-side-has',
    violates: 'DUA-1',
    on: 'dual',
    sabotageDual: ofStore((store, { primary }) => ({ ...store, groups: primary.groups, expiry: primary.expiry })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair }) => pair.groups !== undefined, {
        secondary: (store) => ({ ...store, groups: undefined }),
      }),
  },
  {
    name: 'dual-sheds-copies-under-load',
    violates: 'DUA-13',
    on: 'dual',
    sabotageDual: ofSide('secondary', (store) => {
      let underWay = 0;
      return {
        ...store,
        async put(records, options) {
          if (underWay >= MAX_UNDER_WAY) return records.map((): PutOutcome => ({ applied: true }));
          underWay += 1;
          try {
            await turn();
            return await store.put(records, options);
          } finally {
            underWay -= 1;
          }
        },
      };
    }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, secondary }) => {
        const ids = Array.from({ length: 20 }, (_, i) => `t${i}`);
        await Promise.all(ids.map((taskId) => pair.put([sample({ taskId })])));
        return secondary.get(ids);
      }),
  },
  {
    name: 'dual-stops-closing-at-the-first-refusal',
    violates: 'DUA-14',
    on: 'dual',
    sabotageDual: ofStore((store, { primary, secondary }) => ({
      ...store,
      async close() {
        await primary.close();
        await secondary.close();
      },
    })),
    async exposes(world, harness) {
      let isClosed = false;
      const close = async (): Promise<void> => {
        isClosed = true;
      };
      await lookAtPair(world, harness, ({ pair }) => pair.close().catch(() => {}), {
        primary: (store) => ({ ...store, close: away }),
        secondary: (store) => ({ ...store, close }),
      });
      return isClosed;
    },
  },
  {
    name: 'dual-keeps-silent-on-what-close-was-refused',
    violates: 'DUA-14',
    on: 'dual',
    sabotageDual: ofStore((store) => ({ ...store, close: () => store.close().catch(() => {}) })),
    exposes: (world, harness) =>
      lookAtPair(
        world,
        harness,
        ({ pair }) =>
          pair.close().then(
            () => 'closed',
            () => 'refused',
          ),
        {
          secondary: (store) => ({ ...store, close: away }),
        },
      ),
  },
];
