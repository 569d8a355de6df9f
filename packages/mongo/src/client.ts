import { redactText } from '@rb/core';
import type { Collection, Db, MongoClientOptions } from 'mongodb';
import { type Calls, callsOf } from './calls.js';
import type { Driver } from './driver.js';
import type { MongoClientLike, MongoStoreOptions } from './options.js';
import { parseMongoUrl } from './url.js';

/** Ids are texts; documents of others in the same collection may have other ones. */
export interface Task {
  readonly _id: string;
  readonly [field: string]: unknown;
}

export interface Client {
  readonly tasks: Collection<Task>;
  readonly groups: Collection<Task>;
  readonly calls: Calls;
  /** Where, without credentials: for messages. */
  readonly server: string;
}

/** Celery's. */
const DATABASE = 'celery';
const TASKS = 'celery_taskmeta';
const GROUPS = 'celery_groupmeta';

/** The driver's client, ours or the caller's. It connects with the first call. Errors: TypeError, which never shows the URL. */
export function clientOf({ MongoClient }: Driver, options: MongoStoreOptions): Client {
  const { client: given, url = 'mongodb://', collections = {} } = options;
  if (given !== undefined && options.url !== undefined) throw new TypeError('expected url or client, not both');
  const target = parseMongoUrl(url);
  const owned = given === undefined ? taken(() => new MongoClient(target.url, clientOptions(options))) : undefined;
  const database = (owned ?? (given as MongoClientLike)).db(options.database ?? target.database ?? DATABASE);
  const server = given === undefined ? target.server : 'the given client';
  return {
    server,
    tasks: database.collection(collections.task ?? TASKS) as Collection<Task>,
    groups: database.collection(collections.group ?? GROUPS) as Collection<Task>,
    calls: callsOf({
      server,
      async attempt() {
        // One whose first attempt failed is closed, until it is told to connect again.
        if (owned) await owned.connect();
        await (database as Db).command({ ping: 1 });
      },
      async end(atOnce) {
        if (atOnce) (owned as { readonly topology?: { close(): void } } | undefined)?.topology?.close();
        else await owned?.close();
      },
    }),
  };
}

function clientOptions(options: MongoStoreOptions): MongoClientOptions {
  const { tls, poolSize = 10, acquireTimeoutMs = 10_000, connectTimeoutMs = 5_000 } = options;
  const { serverSelectionTimeoutMs = 10_000, queryTimeoutMs = 30_000 } = options;
  return {
    maxPoolSize: poolSize,
    waitQueueTimeoutMS: acquireTimeoutMs,
    connectTimeoutMS: connectTimeoutMs,
    serverSelectionTimeoutMS: serverSelectionTimeoutMs,
    socketTimeoutMS: queryTimeoutMs,
    // Done here: by itself each call would try to connect once more.
    retryReads: false,
    ...(tls && { tls: true, ...tls }),
    ...options.mongoOptions,
  } as MongoClientOptions;
}

function taken<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    const why = redactText(error instanceof Error ? error.message : String(error));
    throw new TypeError(`expected a URL and options that the driver takes: ${why}`);
  }
}
