import { setImmediate as turn } from 'node:timers/promises';
import { type PutOutcome, ResultError, type ResultStore } from '@rb/core';
import { storing } from './altered.js';
import { lookAtPair } from './look-at-pair.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { away, ofCopies, ofSide, ofStore } from './spoilt-pairs.js';

/** Pairs that write one side in a wrong way. */
export const DUA_WRITE_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'dual-copies-states-and-results-alone',
    violates: 'DUA-2',
    on: 'dual',
    sabotageDual: ofCopies(({ verbatim: _, ...record }) => ({ ...record, meta: {} })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, secondary }) => {
        await pair.put([sample({ meta: { name: 'add' } })]);
        return secondary.get(['t']);
      }),
  },
  {
    name: 'dual-writes-the-secondary-behind',
    violates: 'DUA-2',
    on: 'dual',
    sabotageDual: ofSide('secondary', (store) => ({
      ...store,
      async put(records, options) {
        turn()
          .then(() => store.put(records, options))
          .catch(() => {});
        return records.map((): PutOutcome => ({ applied: true }));
      },
    })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, secondary }) => {
        await pair.put([sample()]);
        return secondary.get(['t']);
      }),
  },
  {
    name: 'dual-writes-the-secondary-first',
    violates: 'DUA-3',
    on: 'dual',
    sabotageDual: ofStore((store, { secondary }) => ({
      ...store,
      async put(records, options) {
        await secondary.put(records, options).catch(() => {});
        return store.put(records, options);
      },
    })),
    exposes: (world, harness) =>
      lookAtPair(
        world,
        harness,
        async ({ pair }) => {
          await pair.put([sample()]).catch(() => {});
          return pair.get(['t']);
        },
        { primary: (store) => ({ ...store, put: away }) },
      ),
  },
  {
    name: 'dual-copies-what-the-primary-refused',
    violates: 'DUA-3',
    on: 'dual',
    sabotageDual: ofStore((store, { secondary }) => ({
      ...store,
      async put(records, options) {
        const outcomes = await store.put(records, options);
        const refused = records.filter((_, at) => 'refused' in (outcomes[at] ?? {}));
        if (refused.length > 0) await secondary.put(refused, options);
        return outcomes;
      },
    })),
    exposes: (world, harness) =>
      lookAtPair(
        world,
        harness,
        async ({ pair }) => {
          await pair.put([sample()]);
          return pair.get(['t']);
        },
        { primary: (store) => ({ ...store, put: async () => [{ refused: new ResultError('RB_TOO_LARGE', 't') }] }) },
      ),
  },
  {
    name: 'dual-swallows-what-the-secondary-refuses',
    violates: 'DUA-4',
    on: 'dual',
    seen: 'recipes that write two Celery backends by hand and print the error of one',
    sabotageDual: (dual) => ({ ...dual, create: (options) => dual.create({ ...options, onDivergence: () => {} }) }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, divergencesOfTwo, { secondary: (store) => ({ ...store, put: away }) }),
  },
  {
    name: 'dual-tells-of-a-batch-by-its-first-task',
    violates: 'DUA-4',
    on: 'dual',
    sabotageDual: (dual) => ({
      ...dual,
      create(options) {
        const errors = new Set<ResultError>();
        return dual.create({
          ...options,
          onDivergence(divergence) {
            if (!errors.has(divergence.error)) options.onDivergence(divergence);
            errors.add(divergence.error);
          },
        });
      },
    }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, divergencesOfTwo, { secondary: (store) => ({ ...store, put: away }) }),
  },
  {
    name: 'dual-deletes-what-the-primary-has',
    violates: 'DUA-6',
    on: 'dual',
    sabotageDual: ofStore((store, { primary }) => ({
      ...store,
      async delete(taskIds, options) {
        const found = await primary.get(taskIds, options);
        return store.delete(
          taskIds.filter((_, at) => found[at] !== undefined),
          options,
        );
      },
    })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, secondary }) => {
        await secondary.put([sample()]);
        await pair.delete(['t']);
        return pair.get(['t']);
      }),
  },
  {
    name: 'dual-gives-copies-days-of-grace',
    violates: 'DUA-8',
    on: 'dual',
    sabotageDual: ofCopies((record) => ({
      ...record,
      expiresAt: record.expiresAt === null ? null : record.expiresAt + 86_400_000,
    })),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, secondary }) => {
        // 2100: whatever the world's clock says.
        await pair.put([sample({ state: 'STARTED', expiresAt: 4_102_444_800_000 })]);
        return secondary.get(['t']);
      }),
  },
  {
    name: 'dual-lifts-no-deadline-of-a-copy',
    violates: 'DUA-8',
    on: 'dual',
    sabotageDual: ofSide('secondary', (store) => {
      const deadlines = new Map<string, number>();
      return storing(store, (record) => {
        const expiresAt = record.expiresAt ?? deadlines.get(record.taskId) ?? null;
        if (expiresAt !== null) deadlines.set(record.taskId, expiresAt);
        return { ...record, expiresAt };
      });
    }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, secondary }) => {
        await pair.put([sample({ state: 'STARTED', expiresAt: 4_102_444_800_000 })]);
        await pair.put([sample({ state: 'RETRY' })]);
        return secondary.get(['t']);
      }),
  },
];

async function divergencesOfTwo({
  pair,
  divergences,
}: {
  readonly pair: ResultStore;
  readonly divergences: readonly unknown[];
}): Promise<number> {
  await pair.put([sample(), sample({ taskId: 'u' })]);
  return divergences.length;
}
