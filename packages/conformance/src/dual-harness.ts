import type { ResultStore } from '@rb/core';
import type { Divergence, Dual } from './dual.js';
import type { Clock, Handle, Harness, OpenVariant, RawAccess, Sides } from './harness.js';

export interface DualHarnessOptions {
  readonly name: string;
  readonly dual: Dual;
  /** Harnesses of the two stores; each world of the pair takes a world of either. */
  readonly primary: Harness;
  readonly secondary: Harness;
  /** The two keep the same stored forms, so that what is written beneath one can be written beneath the other. @default false */
  readonly sameLayout?: boolean | undefined;
}

/** The whole kit over pairs of two stores, the clauses DUA among it. */
export function dualHarness({ name, dual, primary, secondary, sameLayout = false }: DualHarnessOptions): Harness {
  return {
    name,
    dual,
    patience: Math.max(primary.patience ?? 1, secondary.patience ?? 1),
    settleMs: larger(primary.settleMs, secondary.settleMs),
    quietMs: larger(primary.quietMs, secondary.quietMs),
    async world() {
      const sides = { primary: await primary.world(), secondary: await secondary.world() };
      return {
        sides,
        clock: clockOf(sides.primary.clock, sides.secondary.clock),
        raw: sameLayout ? rawOf(sides.primary.raw, sides.secondary.raw) : undefined,
        open: (variant) => openPair(dual, sides, { variant }),
        async dispose() {
          await sides.primary.dispose();
          await sides.secondary.dispose();
        },
      };
    },
  };
}

export interface PairOptions {
  readonly variant?: OpenVariant | undefined;
  readonly onDivergence?: ((divergence: Divergence) => void) | undefined;
  /** What becomes of a side before it is paired: where it shall fail, say. */
  readonly primary?: ((store: ResultStore) => ResultStore) | undefined;
  readonly secondary?: ((store: ResultStore) => ResultStore) | undefined;
}

/** New handles on both sides, and a pair over them. */
export async function openPair(dual: Dual, sides: Sides, options: PairOptions = {}): Promise<Handle | null> {
  const { variant, onDivergence = () => {}, primary = asItIs, secondary = asItIs } = options;
  const [first, second] = [await sides.primary.open(variant), await sides.secondary.open(variant)];
  const dispose = async (): Promise<void> => {
    await first?.dispose?.();
    await second?.dispose?.();
  };
  if (first === null || second === null) {
    await first?.store.close();
    await second?.store.close();
    await dispose();
    return null;
  }
  const store = dual.create({ primary: primary(first.store), secondary: secondary(second.store), onDivergence });
  return { store, dispose };
}

const asItIs = (store: ResultStore): ResultStore => store;

/** Where one of the two gives none, the kit's own default is the longer one. */
const larger = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : Math.max(a, b);

/** Moves both; a real one cannot be moved, nor can two kinds be moved together. */
function clockOf(a: Clock, b: Clock): Clock {
  if (a.kind === 'virtual' && b.kind === 'virtual') {
    return {
      kind: 'virtual',
      now: a.now,
      async advance(ms) {
        await a.advance(ms);
        await b.advance(ms);
      },
    };
  }
  if (a.kind !== 'ageing' || b.kind !== 'ageing') return { kind: 'real' };
  return {
    kind: 'ageing',
    async age(id, ms) {
      await a.age(id, ms);
      await b.age(id, ms);
    },
  };
}

function rawOf(a: RawAccess | undefined, b: RawAccess | undefined): RawAccess | undefined {
  if (a === undefined || b === undefined) return undefined;
  return {
    ...a,
    read: async (taskId) => (await a.read(taskId)) ?? b.read(taskId),
    async write(taskId, stored) {
      await a.write(taskId, stored);
      await b.write(taskId, stored);
    },
    async litter() {
      await a.litter?.();
      await b.litter?.();
    },
  };
}
