import {
  type GetOutcome,
  type PutOptions,
  type PutOutcome,
  ResultError,
  type ResultStore,
  type TaskRecord,
} from '@rb/core';
import type { ClauseContext, OpenStore } from '../context.js';
import type { Divergence, Dual } from '../dual.js';
import { openPair, type PairOptions } from '../dual-harness.js';

/** A pair, what it told, and other handles on its sides: to look at each alone, and to write behind the pair's back. */
export interface Pair {
  readonly pair: OpenStore;
  readonly primary: OpenStore;
  readonly secondary: OpenStore;
  /** Oldest first. */
  readonly divergences: readonly Divergence[];
}

/** @param spoil What becomes of the sides of this pair; the other handles on them stay sound. */
export async function pairOf(t: ClauseContext, spoil: Pick<PairOptions, 'primary' | 'secondary'> = {}): Promise<Pair> {
  const { sides } = t.world;
  if (sides === undefined) return t.fail('the world of a pair has no sides');
  const divergences: Divergence[] = [];
  const handle = await openPair(dualOf(t), sides, {
    ...spoil,
    onDivergence(divergence) {
      t.note(`told of a divergence: ${divergence.error.code}`);
      divergences.push(divergence);
    },
  });
  const [primary, secondary] = [await sides.primary.open(), await sides.secondary.open()];
  if (handle === null || primary === null || secondary === null) return t.fail('open() of a side gave null');
  return {
    pair: t.adopt('pair', handle),
    primary: t.adopt('primary', primary),
    secondary: t.adopt('secondary', secondary),
    divergences,
  };
}

export function dualOf({ harness, fail }: ClauseContext): Dual {
  return harness.dual ?? fail('the harness makes no pairs');
}

/** A side that cannot be reached by these calls. */
export function unreachable(...calls: readonly ('put' | 'get' | 'delete')[]): (store: ResultStore) => ResultStore {
  const refuse = (): Promise<never> => Promise.reject(new ResultError('RB_UNAVAILABLE', 'this side cannot be reached'));
  return (store) => ({ ...store, ...Object.fromEntries(calls.map((call) => [call, refuse])) });
}

/** A side that refuses these records, and takes the others. */
export function refusing(...taskIds: readonly string[]): (store: ResultStore) => ResultStore {
  const isSound = ({ taskId }: TaskRecord): boolean => !taskIds.includes(taskId);
  return (store) => ({
    ...store,
    async put(records: readonly TaskRecord[], options?: PutOptions) {
      const outcomes = [...(await store.put(records.filter(isSound), options))];
      return records.map((record): PutOutcome => {
        const { taskId } = record;
        const refused = new ResultError('RB_TOO_LARGE', `task ${taskId} is too large for this side`, { taskId });
        return isSound(record) ? (outcomes.shift() as PutOutcome) : { refused };
      });
    },
  });
}

/** What a handle reads of a task, in one word. */
export async function stateOf({ store }: OpenStore, taskId: string): Promise<string | undefined> {
  const [outcome]: readonly GetOutcome[] = await store.get([taskId]);
  return outcome && ('state' in outcome ? outcome.state : outcome.refused.code);
}
