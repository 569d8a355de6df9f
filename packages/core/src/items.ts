import { kindOf, type Tuple } from './values.js';

/** Of a list or a tuple, which is what pickles have where JSON has a list; undefined for anything else. */
export function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null && kindOf(value) === 'tuple' ? (value as Tuple).items : undefined;
}
