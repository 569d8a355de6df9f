import type { ResultError, ResultStore, TaskRecord, WatchHandler } from '@rb/core';
import { Redis } from 'ioredis';
import { afterEach } from 'vitest';
import { type RedisStoreOptions, redisStore } from '../src/index.js';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

/** Closed after the test. */
export function storeAt(options: RedisStoreOptions): ResultStore {
  const store = redisStore(options);
  ended.push(() => store.close());
  return store;
}

/** What the README says that a user needs, for ACL SETUSER. */
export const RIGHTS: readonly string[] =
  'resetchannels ~celery-task* &celery-task* -@all +@connection +@read +@write +@scripting +@pubsub +info'.split(' ');

/** A bare client, disconnected after the test. */
export function clientAt(url: string): Redis {
  const client = new Redis(url);
  ended.push(() => client.disconnect());
  return client;
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

/** Keeps what it is told. */
export function listener(): WatchHandler & { readonly told: readonly string[]; readonly gaps: number } {
  const told: string[] = [];
  let gaps = 0;
  return {
    told,
    get gaps() {
      return gaps;
    },
    record: (outcome) =>
      void told.push('state' in outcome ? `${outcome.taskId} ${outcome.state}` : outcome.refused.code),
    gap: () => {
      gaps += 1;
    },
  };
}

export const errorOf = (call: Promise<unknown>): Promise<ResultError> =>
  call.then(
    (value) => {
      throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
    },
    (error) => error,
  );
