import type { ExpiryCapability, GroupCapability, ResultStore, StatsCapability, StoreTraits } from '@rb/core';

/** The weaker of the two, but for the size: what the primary accepts is accepted. */
export const dualTraits = (a: StoreTraits, b: StoreTraits): StoreTraits => ({
  durable: a.durable && b.durable,
  readers: a.readers === 'owner' ? 'owner' : b.readers,
  maxBytes: a.maxBytes,
  keeps: a.keeps === 'all' ? b.keeps : a.keeps.filter((key) => b.keeps === 'all' || b.keeps.includes(key)),
});

export function dualExpiry({ expiry: a }: ResultStore, { expiry: b }: ResultStore): ExpiryCapability | undefined {
  if (a === undefined || b === undefined) return undefined;
  const resolutionMs = Math.max(a.resolutionMs, b.resolutionMs);
  const [first, second] = [a.sweep, b.sweep];
  if (first === undefined || second === undefined) return { resolutionMs };
  return {
    resolutionMs,
    // A record and its copy are one.
    sweep: async (limit, options) => Math.max(await first(limit, options), await second(limit, options)),
  };
}

export function dualGroups({ groups: a }: ResultStore, { groups: b }: ResultStore): GroupCapability | undefined {
  if (a === undefined || b === undefined) return undefined;
  return {
    async save(group, options) {
      await a.save(group, options);
      await b.save(group, options);
    },
    load: async (groupId, options) => (await a.load(groupId, options)) ?? b.load(groupId, options),
    async delete(groupId, options) {
      const existed = [await b.delete(groupId, options), await a.delete(groupId, options)];
      return existed.includes(true);
    },
    async report(groupId, record, options) {
      const [first, second] = [await a.report(groupId, record, options), await b.report(groupId, record, options)];
      // The primary knows nothing of a group that was saved before there was a pair.
      return first.reported > 0 ? first : second;
    },
  };
}

export function dualStats({ stats: a }: ResultStore, { stats: b }: ResultStore): StatsCapability | undefined {
  if (a === undefined || b === undefined) return undefined;
  return {
    async read(options) {
      const [first, second] = [await a.read(options), await b.read(options)];
      // Where they differ, what either has alone is not known.
      const fuller = first.total >= second.total ? first : second;
      return first.total === second.total ? first : { ...fuller, estimated: true };
    },
  };
}
