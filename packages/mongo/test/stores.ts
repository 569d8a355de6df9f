import type { ResultError, ResultStore, TaskRecord } from '@rb/core';
import { namespace } from '@rb/servers/shared';
import { type Collection, type Db, MongoClient } from 'mongodb';
import { afterEach } from 'vitest';
import { type MongoStoreOptions, mongoStore } from '../src/index.js';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

/** Closed after the test. */
export function storeAt(options: MongoStoreOptions): ResultStore {
  const store = mongoStore(options);
  ended.push(() => store.close());
  return store;
}

interface Named {
  readonly _id: string;
  readonly [field: string]: unknown;
}

/** A database of the test's own, beneath the adapter; it is gone after the test. */
export interface TestDatabase {
  readonly name: string;
  /** Celery's and ours, with the database in it. */
  readonly url: string;
  readonly db: Db;
  readonly tasks: Collection<Named>;
  readonly groups: Collection<Named>;
}

export function databaseAt(url: string): TestDatabase {
  const name = namespace().replaceAll(/[^\w]/g, '_');
  const client = new MongoClient(url);
  const db = client.db(name);
  ended.push(async () => {
    await db.dropDatabase();
    await client.close();
  });
  return {
    name,
    url: `${url}${name}`,
    db,
    tasks: db.collection('celery_taskmeta'),
    groups: db.collection('celery_groupmeta'),
  };
}

export const recordOf = (fields: Partial<TaskRecord> = {}): TaskRecord => ({
  taskId: 'a',
  state: 'SUCCESS',
  result: 1,
  traceback: null,
  doneAt: 1_700_000_000_000,
  meta: {},
  expiresAt: null,
  ...fields,
});

export const errorOf = (call: Promise<unknown>): Promise<ResultError> =>
  call.then(
    (value) => {
      throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
    },
    (error) => error,
  );
