import { ResultError, type ResultStore, type TaskRecord } from '@rb/core';
import type { Dual, DualOptions } from '../dual.js';
import { storing } from './altered.js';

/** Pairs that are spoilt as a whole; their sides are at hand. */
export function ofStore(spoil: (store: ResultStore, options: DualOptions) => ResultStore): (dual: Dual) => Dual {
  return (dual) => ({ ...dual, create: (options) => spoil(dual.create(options), options) });
}

/** Pairs that use one side in a wrong way. */
export function ofSide(
  side: 'primary' | 'secondary',
  spoil: (store: ResultStore) => ResultStore,
): (dual: Dual) => Dual {
  return (dual) => ({ ...dual, create: (options) => dual.create({ ...options, [side]: spoil(options[side]) }) });
}

/** Pairs that give the secondary something else than the primary. */
export function ofCopies(spoil: (record: TaskRecord) => TaskRecord): (dual: Dual) => Dual {
  return ofSide('secondary', (store) => storing(store, spoil));
}

/** For sides that cannot be reached. */
export const away = (): Promise<never> =>
  Promise.reject(new ResultError('RB_UNAVAILABLE', 'this side cannot be reached'));
