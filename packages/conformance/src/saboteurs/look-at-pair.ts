import type { ResultStore } from '@rb/core';
import type { Divergence } from '../dual.js';
import { openPair, type PairOptions } from '../dual-harness.js';
import type { Harness, World } from '../harness.js';

/** A pair and its sides, as a user has them. */
interface View {
  readonly pair: ResultStore;
  readonly primary: ResultStore;
  readonly secondary: ResultStore;
  readonly divergences: readonly Divergence[];
}

/** What a user of this harness's pairs sees. @param spoil What becomes of the sides of the pair. */
export async function lookAtPair(
  world: World,
  harness: Harness,
  look: (view: View) => Promise<unknown>,
  spoil: Pick<PairOptions, 'primary' | 'secondary'> = {},
): Promise<unknown> {
  const { sides } = world;
  const divergences: Divergence[] = [];
  const onDivergence = (divergence: Divergence): number => divergences.push(divergence);
  const pair = sides && harness.dual && (await openPair(harness.dual, sides, { ...spoil, onDivergence }));
  const [primary, secondary] = [await sides?.primary.open(), await sides?.secondary.open()];
  if (!pair || !primary || !secondary) throw new Error(`${harness.name} makes no pairs`);
  return look({ pair: pair.store, primary: primary.store, secondary: secondary.store, divergences });
}
