import { isKind } from '@rb/core';

export interface Bounds {
  readonly maxDepth: number;
  readonly maxEntries: number;
}

/**
 * Which bound a value passes; undefined where none. Entries are the members of arrays, objects, Maps, Sets and core's value
 * classes, all in all, what is shared counted wherever it stands. It stops at the first excess, so that neither a cycle
 * nor a value that unfolds without end holds it up.
 */
export function excess(value: unknown, { maxDepth, maxEntries }: Bounds): keyof Bounds | undefined {
  let entries = 0;
  // Not by recursion: how deep it may go is the caller's to say, not the stack's.
  const open: Iterator<unknown>[] = [];
  for (let current = value; ; ) {
    const members = membersOf(current);
    if (members !== undefined) {
      if (open.length >= maxDepth) return 'maxDepth';
      open.push(members);
    }
    let next = open.at(-1)?.next();
    while (next?.done) {
      open.pop();
      next = open.at(-1)?.next();
    }
    if (next === undefined) return undefined;
    entries += 1;
    if (entries > maxEntries) return 'maxEntries';
    current = next.value;
  }
}

/** undefined: nothing can be inside. */
function membersOf(value: unknown): Iterator<unknown> | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date)
    return undefined;
  if (Array.isArray(value)) return value.values();
  if (isKind(value, 'tuple') || isKind(value, 'set')) return value.items.values();
  if (value instanceof Map) return pairsOf(value);
  return (value instanceof Set ? value : Object.values(value)).values();
}

/** A key of an array can be as deep as a value; a pair is one entry all the same. */
function* pairsOf(map: ReadonlyMap<unknown, unknown>): Generator<unknown> {
  for (const [key, value] of map) yield typeof key === 'object' && key !== null ? [key, value] : value;
}
