import type { ClauseContext, OpenStore } from '../context.js';
import { nameOf, OWNER, READER } from './command.js';

/** The handles of one sequence: its own, opened when first used, so that what failed once fails again when repeated. */
export interface Handles {
  /** A closed one stays the closed one until opened again. */
  at(handle: number): Promise<OpenStore>;
  close(handle: number): Promise<void>;
  /** A new one in the place of the old, which is closed. */
  open(handle: number): Promise<void>;
  isClosed(handle: number): boolean;
  /** Ends all of them. */
  retire(): Promise<void>;
}

export function createHandles(t: ClauseContext): Handles {
  const own = new Map<number, OpenStore>();
  const closed = new Set<number>();
  const isOwned = t.facts.traits.readers === 'owner';

  async function at(handle: number): Promise<OpenStore> {
    if (handle === READER || (isOwned && handle === OWNER)) return t.reader;
    const found = own.get(handle);
    if (found) return found;
    const opened = await t.world.open();
    if (opened === null) return t.fail('open() gave null for another handle');
    const place = t.adopt(nameOf(handle), opened);
    own.set(handle, place);
    return place;
  }

  return {
    at,
    async close(handle) {
      await (await at(handle)).store.close();
      closed.add(handle);
    },
    async open(handle) {
      const found = own.get(handle);
      if (found) await t.retire(found);
      own.delete(handle);
      closed.delete(handle);
      await at(handle);
    },
    isClosed: (handle) => closed.has(handle),
    async retire() {
      for (const place of own.values()) await t.retire(place);
    },
  };
}
