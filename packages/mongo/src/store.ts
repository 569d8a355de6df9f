import { accepting, CONTRACT_VERSION, chunksOf, json, type ResultStore } from '@rb/core';
import { bsonValues } from './bson-values.js';
import { recordsIn } from './calls.js';
import { clientOf } from './client.js';
import { live } from './deadlines.js';
import { loadDriver } from './driver.js';
import { groupsOf } from './groups.js';
import { indexesOf } from './indexes.js';
import { layoutOf } from './layout.js';
import type { MongoStoreOptions } from './options.js';
import { putAll } from './put.js';
import { CHUNK, getAll } from './read.js';
import { scanOf } from './scan.js';
import { statsOf } from './stats.js';

/** MongoDB's own limit of a document. */
const MAX_BYTES = 16 * 2 ** 20;

/**
 * A store on MongoDB, in Celery's documents: a Python worker's results are read here, and Python reads what is stored. Connects
 * on first use.
 */
export function mongoStore(options: MongoStoreOptions = {}): ResultStore {
  const { maxBytes = MAX_BYTES, now = Date.now, onBackgroundError = () => {} } = options;
  const driver = loadDriver();
  const values = bsonValues(driver.BSON);
  const serializer = accepting(options.serializer ?? json, options.accept);
  const client = clientOf(driver, options);
  const { tasks, groups, calls, server } = client;
  const layout = layoutOf(driver.BSON, values, serializer, maxBytes);
  const index = indexesOf(client, onBackgroundError);
  const stored = (): void => {
    if (options.createIndexes !== false) index();
  };
  const grouping = groupsOf({ groups, calls, values, serializer, now });

  return {
    contract: CONTRACT_VERSION,
    name: 'mongo',
    traits: { durable: true, readers: 'any', maxBytes, keeps: 'all' },
    async put(records, { signal } = {}) {
      const outcomes = await putAll({ tasks, calls, layout, server, now }, records, signal);
      stored();
      return outcomes;
    },
    get: (taskIds, call) =>
      calls.run({ doing: `reading ${recordsIn(taskIds)}`, write: false, signal: call?.signal }, () =>
        getAll(tasks, layout, taskIds, now(), call),
      ),
    delete: (taskIds, { signal } = {}) =>
      calls.run({ doing: `deleting ${recordsIn(taskIds)}`, write: true, signal }, async () => {
        let deleted = 0;
        // What has expired is not counted, and is removed by the server.
        for (const ids of chunksOf(taskIds, CHUNK))
          deleted += (await tasks.deleteMany({ _id: { $in: ids }, ...live(now()) } as object)).deletedCount;
        return deleted;
      }),
    close: calls.close,
    // Deadlines are compared with the clock at every read; the server removes what has expired.
    expiry: { resolutionMs: 1 },
    groups: {
      ...grouping,
      async save(group, call) {
        await grouping.save(group, call);
        stored();
      },
    },
    scan: scanOf({ tasks, calls, layout, now }),
    stats: statsOf({ tasks, calls, now }),
  };
}

/** For core's connect(). */
export const storeFromUrl = (url: string, options: Readonly<Record<string, unknown>>): ResultStore =>
  mongoStore({ ...options, url } as MongoStoreOptions);
