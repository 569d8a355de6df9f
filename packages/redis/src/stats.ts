import type { StatsCapability, StoreStats } from '@rb/core';
import type { Redis } from 'ioredis';
import type { Client, Connection } from './connection.js';
import type { Keys } from './keys.js';
import type { Layout } from './layout.js';
import { getAll } from './read.js';
import { scanOnce, serversOf } from './scan-servers.js';

/** Keys looked at per node: enough for a share of states to be right within some percent, and done within tens of milliseconds. */
const SAMPLE = 10_000;
const BATCH = 1_000;

/** Never KEYS: SCAN up to a sample; where it saw everything the numbers are exact, else the database's size scales them. */
export function statsOf({
  connection,
  keys,
  layout,
}: {
  connection: Connection;
  keys: Keys;
  layout: Layout;
}): StatsCapability {
  return {
    read: (options) =>
      connection.run({ doing: 'the statistics', write: false, signal: options?.signal }, async (client) => {
        let total: StoreStats = { byState: {}, total: 0, bytes: 0, oldestDoneAt: null, estimated: false };
        for (const server of serversOf(client)) total = sum(total, await statsOfServer(client, server, keys, layout));
        return total;
      }),
  };
}

async function statsOfServer(client: Client, server: Redis, keys: Keys, layout: Layout): Promise<StoreStats> {
  const size = await server.dbsize();
  const seen = new Set<string>();
  const byState: Record<string, number> = {};
  let oldestDoneAt: number | null = null;
  let bytes = 0;
  let cursor = '0';
  do {
    // Other programs' keys too: how many of all are tasks is what is to be known.
    const batch = await scanOnce(server, cursor, BATCH);
    cursor = batch.cursor;
    const fresh = batch.keys.filter((key) => !seen.has(key));
    for (const key of fresh) seen.add(key);
    const taskIds = fresh.flatMap((key) => keys.taskIdOf(key) ?? []);
    for (const outcome of await getAll(client, keys, layout, taskIds, { verbatim: true, deadlines: false })) {
      if (!outcome || !('state' in outcome)) continue;
      byState[outcome.state] = (byState[outcome.state] ?? 0) + 1;
      if (outcome.doneAt !== null) oldestDoneAt = Math.min(oldestDoneAt ?? outcome.doneAt, outcome.doneAt);
      bytes += Buffer.byteLength(outcome.verbatim?.data as string | Buffer);
    }
  } while (cursor !== '0' && seen.size < SAMPLE);
  const estimated = cursor !== '0';
  // SCAN goes through the database at random, so that the share of what it saw is the share of all.
  const scale = estimated ? size / Math.max(seen.size, 1) : 1;
  const scaled = Object.fromEntries(
    Object.entries(byState).map(([state, count]) => [state, Math.round(count * scale)]),
  );
  const total = Object.values(scaled).reduce((a, b) => a + b, 0);
  return { byState: scaled, total, bytes: Math.round(bytes * scale), oldestDoneAt, estimated };
}

function sum(a: StoreStats, b: StoreStats): StoreStats {
  const byState: Record<string, number> = { ...a.byState };
  for (const [state, count] of Object.entries(b.byState)) byState[state] = (byState[state] ?? 0) + count;
  const oldest = [a.oldestDoneAt, b.oldestDoneAt].filter((at) => at !== null);
  return {
    byState,
    total: a.total + b.total,
    bytes: (a.bytes ?? 0) + (b.bytes ?? 0),
    oldestDoneAt: oldest.length > 0 ? Math.min(...oldest) : null,
    estimated: a.estimated || b.estimated,
  };
}
