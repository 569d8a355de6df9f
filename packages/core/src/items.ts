import { isKind } from './values.js';

/** Of a list or a tuple, which is what pickles have where JSON has a list; undefined for anything else. */
export function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return isKind(value, 'tuple') ? value.items : undefined;
}
