import { isKind } from '@rb/core';

/** How large a value is once everything that is shared in it stands wherever it is used. */
export interface Size {
  readonly items: number;
  readonly depth: number;
  /** Of text and bytes. */
  readonly bytes: number;
}

/** In time by the number of different values, whatever their size. The value holds no cycle, and is no deeper than a stack. */
export function sizeOf(value: unknown, known: Map<object, Size> = new Map()): Size {
  if (typeof value === 'string') return { items: 1, depth: 0, bytes: value.length };
  if (typeof value !== 'object' || value === null) return LEAF;
  if (value instanceof Uint8Array) return { items: 1, depth: 0, bytes: value.length };
  const before = known.get(value);
  if (before !== undefined) return before;
  let items = 1;
  let depth = 0;
  let bytes = 0;
  for (const part of partsOf(value)) {
    const size = sizeOf(part, known);
    items += size.items;
    depth = Math.max(depth, size.depth);
    bytes += size.bytes;
  }
  const size = { items, depth: depth + 1, bytes };
  known.set(value, size);
  return size;
}

const LEAF: Size = { items: 1, depth: 0, bytes: 0 };

function* partsOf(value: object): Generator<unknown> {
  if (Array.isArray(value)) yield* value;
  else if (isKind(value, 'set')) yield* value.items;
  else for (const entry of value instanceof Map ? value : Object.entries(value)) yield* entry;
}
