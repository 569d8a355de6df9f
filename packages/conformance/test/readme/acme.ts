// What the examples of the README are about: a server, its vendor's client, and an adapter for it.
import { memoryStore, type ResultStore } from '@rb/core';
import type { RawAccess } from '../../src/index.js';
import { handleOf } from '../../src/reference/index.js';
import { rawMemory } from '../../src/reference/raw-memory.js';
import { wireServer } from '../../src/reference/wire-server.js';
import { MAX_BYTES, wireStore } from '../../src/reference/wire-store.js';

const password = 'acme';
/** More than an example makes. */
const SPACES = 1_000;

const { now, raw } = rawMemory({ now: Date.now });
const make = (): ResultStore => memoryStore({ now, maxBytes: MAX_BYTES });
const places = new Map(Array.from({ length: SPACES }, (_, i) => [`place-${i}`, make()]));
const server = await wireServer({ password, places: Object.fromEntries(places) });
const placeNames = new Map<string, string>();

function placeOf(space: string): string {
  const name = placeNames.get(space) ?? `place-${placeNames.size}`;
  placeNames.set(space, name);
  return name;
}
const beneath = (space: string): ResultStore => places.get(placeOf(space)) ?? make();

export const url: string = `acme://127.0.0.1:${server.port}`;

/** Without a URL it uses the space directly, as an embedded store would. */
export function acmeStore(options: { readonly url?: string; readonly space: string }): ResultStore {
  if (options.url === undefined) return handleOf(beneath(options.space));
  const { hostname, port } = new URL(options.url);
  const address = { host: hostname, port: Number(port), password, place: placeOf(options.space) };
  return { ...wireStore({ address }), name: 'acme' };
}

export const dropSpace = (space: string): Promise<void> => beneath(space).close();

export const admin = {
  version: async (): Promise<string> => 'Acme 3.1',
  read: (space: string, taskId: string): Promise<unknown> => rawOf(space).read(taskId),
  write: (space: string, taskId: string, stored: unknown): Promise<void> => rawOf(space).write(taskId, stored),
  /** Of a task or a group. */
  async moveDeadline(space: string, id: string, byMs: number): Promise<void> {
    const store = beneath(space);
    const group = await store.groups?.load(id);
    if (group?.expiresAt) await store.groups?.save({ ...group, expiresAt: group.expiresAt + byMs });
    const [found] = await store.get([id], { verbatim: true });
    if (!found || !('state' in found) || found.expiresAt === null) return;
    await store.delete([id]);
    await store.put([{ ...found, expiresAt: found.expiresAt + byMs }]);
  },
};

const rawOf = (space: string): RawAccess => raw(beneath(space));
