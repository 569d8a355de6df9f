import { accepting, CONTRACT_VERSION, chunksOf, json, type ResultStore } from '@rb/core';
import { clientsOf } from './client.js';
import { defineScripts } from './commands.js';
import { openConnection } from './connection.js';
import { groupsOf } from './groups.js';
import { keysOf } from './keys.js';
import { layoutOf } from './layout.js';
import type { RedisStoreOptions } from './options.js';
import { putAll } from './put.js';
import { getAll, recordsOf } from './read.js';
import { scanOf } from './scan.js';
import { statsOf } from './stats.js';
import { openWatch } from './watch.js';

/** Redis' own limit of a value, proto-max-bulk-len. */
const MAX_BYTES = 512 * 2 ** 20;

/** Ids per UNLINK. */
const CHUNK = 1_000;

/**
 * A store on Redis or Valkey, in Celery's keys: a Python worker's results are read here, and Python reads what is stored.
 * Connects on first use, with one connection for commands and one for watching.
 */
export function redisStore(options: RedisStoreOptions = {}): ResultStore {
  const { maxBytes = MAX_BYTES, globalKeyPrefix = '', onBackgroundError = () => {} } = options;
  const serializer = accepting(options.serializer ?? json, options.accept);
  const clients = clientsOf(options);
  const { server } = clients;
  const keys = keysOf(globalKeyPrefix, clients.cluster);
  const layout = layoutOf(serializer, maxBytes);
  const common = {
    server,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    maxWaiting: options.maxWaiting ?? 100_000,
    credentials: options.credentials,
  };
  const client = clients.make();
  const { shardedPubSub = false } = options;
  if (shardedPubSub && !clients.cluster) throw new TypeError('expected shardedPubSub only with a Cluster');
  defineScripts(client, shardedPubSub);
  const connection = openConnection(client, { ...common, borrowed: options.client !== undefined });
  const subscriber = clients.makeSubscriber();
  const listening = openConnection(subscriber.client, { ...common, place: subscriber.place, borrowed: false });
  const watch = openWatch({
    connection: listening,
    channelOf: keys.task,
    taskIdOf: keys.taskIdOf,
    binary: layout.binary,
    decode: ({ taskId, value }) => layout.decode(taskId, value, null),
    complete: (messages) =>
      connection.run({ doing: 'reading what was pushed', write: false }, (on) => recordsOf(on, keys, layout, messages)),
    healthCheckMs: options.healthCheckMs ?? 10_000,
    onBackgroundError,
  });

  return {
    contract: CONTRACT_VERSION,
    name: 'redis',
    traits: { durable: true, readers: 'any', maxBytes, keeps: 'all' },
    put: (records, call) => putAll({ connection, keys, layout, server }, records, call?.signal),
    get: (taskIds, call) =>
      connection.run({ doing: `getting ${taskIds.length} records`, write: false, signal: call?.signal }, (on) =>
        getAll(on, keys, layout, taskIds, call),
      ),
    delete: (taskIds, call) =>
      connection.run({ doing: `deleting ${taskIds.length} records`, write: true, signal: call?.signal }, async (on) => {
        const all = taskIds.map(keys.task);
        if (clients.cluster) return sum(await Promise.all(all.map((key) => on.unlink(key))));
        return sum(await Promise.all(chunksOf(all, CHUNK).map((chunk) => on.unlink(...chunk))));
      }),
    async close() {
      watch.close();
      await Promise.all([connection.close(), listening.close()]);
    },
    notify: { subscribe: watch.subscribe },
    // Redis looks at deadlines with every read, and removes what has expired by itself.
    expiry: { resolutionMs: 1 },
    groups: groupsOf({ connection, keys, serializer }),
    scan: scanOf({ connection, keys, layout }),
    stats: statsOf({ connection, keys, layout }),
  };
}

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

/** For core's connect(). */
export const storeFromUrl = (url: string, options: Readonly<Record<string, unknown>>): ResultStore =>
  redisStore({ ...options, url } as RedisStoreOptions);
