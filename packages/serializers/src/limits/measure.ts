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
  // Not by recursion: how deep it may go is the caller's to say, not the stack's.
  const waiting: unknown[] = [value];
  const depths: number[] = [1];
  let entries = 0;
  while (waiting.length > 0) {
    const container = waiting.pop();
    const depth = depths.pop() as number;
    const members = membersOf(container);
    if (members === undefined) continue;
    if (depth > maxDepth) return 'maxDepth';
    entries += members.length;
    if (entries > maxEntries) return 'maxEntries';
    for (let i = 0; i < members.length; i += 1) {
      const member = members[i];
      if (typeof member !== 'object' || member === null) continue;
      waiting.push(member);
      depths.push(depth + 1);
    }
  }
  return undefined;
}

/** undefined: nothing can be inside. */
function membersOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date)
    return undefined;
  if (isKind(value, 'tuple') || isKind(value, 'set')) return value.items;
  if (value instanceof Set) return [...value];
  // A pair is one entry, but its key can be as deep as a value.
  if (value instanceof Map) return [...value.values(), ...[...value.keys()].filter((key) => typeof key === 'object')];
  return Object.values(value);
}
