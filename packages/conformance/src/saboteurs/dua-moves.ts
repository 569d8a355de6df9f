import type { GetOutcome, ResultStore, ScanPage } from '@rb/core';
import type { Difference, VerifyOptions } from '../dual.js';
import type { Harness } from '../harness.js';
import { scanning } from './altered.js';
import { lookAtPair } from './look-at-pair.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** What moves records from one side to the other, with one bug. */
export const DUA_MOVE_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'backfill-tells-of-a-page-before-it-is-copied',
    violates: 'DUA-10',
    on: 'dual',
    sabotageDual: (dual) => ({
      ...dual,
      backfill: (options) =>
        dual.backfill({ ...options, source: shown(options.source, ({ cursor }) => options.onPage?.(cursor)) }),
    }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ primary, secondary }) => {
        await primary.put([sample()]);
        const cursors: string[] = [];
        const target = { ...secondary, put: () => Promise.reject(new Error('cut off')) };
        await harness.dual
          ?.backfill({ source: primary, target, onPage: (cursor) => cursors.push(cursor) })
          .catch(() => {});
        return cursors;
      }),
  },
  {
    name: 'backfill-resolves-where-it-was-cut-off',
    violates: 'DUA-10',
    on: 'dual',
    sabotageDual: (dual) => ({ ...dual, backfill: (options) => dual.backfill(options).catch(() => {}) }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ primary, secondary }) => {
        await primary.put([sample()]);
        const target = { ...secondary, put: () => Promise.reject(new Error('cut off')) };
        return harness.dual?.backfill({ source: primary, target }).then(
          () => 'done',
          () => 'cut off',
        );
      }),
  },
  {
    name: 'backfill-overwrites',
    violates: 'DUA-11',
    on: 'dual',
    sabotageDual: (dual) => ({
      ...dual,
      backfill: (options) =>
        dual.backfill({
          ...options,
          target: { ...options.target, get: async (taskIds) => taskIds.map(() => undefined) },
        }),
    }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ primary, secondary }) => {
        await primary.put([sample({ state: 'STARTED' })]);
        await secondary.put([sample({ state: 'FAILURE', doneAt: 1 })]);
        await harness.dual?.backfill({ source: primary, target: secondary });
        return secondary.get(['t']);
      }),
  },
  {
    name: 'backfill-does-not-look-again',
    violates: 'DUA-11',
    on: 'dual',
    sabotageDual: (dual) => ({
      ...dual,
      backfill({ source, ...options }) {
        const seen = new Map<string, GetOutcome>();
        const read = shown(source, ({ records }) => {
          for (const record of records) seen.set(record.taskId, record);
        });
        return dual.backfill({
          ...options,
          source: { ...read, get: async (taskIds) => taskIds.map((taskId) => seen.get(taskId)) },
        });
      },
    }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ pair, primary, secondary }) => {
        await primary.put([sample({ state: 'STARTED' })]);
        let isWritten = false;
        const target: ResultStore = {
          ...secondary,
          async put(records, options) {
            if (!isWritten) await pair.put([sample({ state: 'RETRY' })]);
            isWritten = true;
            return secondary.put(records, options);
          },
        };
        await harness.dual?.backfill({ source: primary, target });
        return secondary.get(['t']);
      }),
  },
  {
    name: 'verify-compares-one-way',
    violates: 'DUA-12',
    on: 'dual',
    sabotageDual: (dual) => ({ ...dual, verify: (options) => without('extra', dual.verify(options)) }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ primary, secondary }) => {
        await secondary.put([sample()]);
        return differencesOf(harness, { primary, secondary });
      }),
  },
  {
    name: 'verify-looks-only-whether-it-is-there',
    violates: 'DUA-12',
    on: 'dual',
    sabotageDual: (dual) => ({ ...dual, verify: (options) => without('different', dual.verify(options)) }),
    exposes: (world, harness) =>
      lookAtPair(world, harness, async ({ primary, secondary }) => {
        await primary.put([sample()]);
        await secondary.put([sample({ state: 'FAILURE' })]);
        return differencesOf(harness, { primary, secondary });
      }),
  },
];

/** The same store, each page of its scan shown before it is used. */
const shown = (store: ResultStore, show: (page: ScanPage) => void): ResultStore =>
  scanning(store, async function* (pages, options) {
    for await (const page of pages(options)) {
      show(page);
      yield page;
    }
  });

async function* without(kind: Difference['kind'], differences: AsyncIterable<Difference>): AsyncGenerator<Difference> {
  for await (const difference of differences) if (difference.kind !== kind) yield difference;
}

async function differencesOf({ dual }: Harness, sides: VerifyOptions): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for await (const difference of dual?.verify(sides) ?? []) found.push(difference);
  return found;
}
