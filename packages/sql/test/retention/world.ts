import type { ResultStore } from '@rb/core';
import { onTestFinished } from 'vitest';
import { type MysqlStoreOptions, mysqlRetention, mysqlStore } from '../../src/mysql/index.js';
import { type PostgresStoreOptions, postgresRetention, postgresStore } from '../../src/postgres/index.js';
import type { Retention } from '../../src/retention/retention.js';
import { sqliteRetention, sqliteStore } from '../../src/sqlite/index.js';
import { databaseAt as mysqlDatabase } from '../mysql/database.js';
import { databaseAt as postgresDatabase } from '../postgres/database.js';
import { openRaw, temporaryFile } from '../support.js';

interface Options {
  readonly layout?: 'celery' | undefined;
  readonly now?: (() => number) | undefined;
  readonly maxBytes?: number | undefined;
}

/** A database of the test's own, seen as users see it and from beneath. */
export interface World {
  /** For a process of its own: the entry point, and where the database is. */
  readonly target: { readonly entry: 'sqlite' | 'postgres' | 'mysql'; readonly options: object };
  store(options?: Options): ResultStore;
  retention(options?: Options): Retention;
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Into Celery's task table, as Celery does it: none of our columns. */
  insert(row: Readonly<Record<string, unknown>>): Promise<void>;
}

export type OpenWorld = () => Promise<World>;

export const sqliteWorld: OpenWorld = async () => {
  const filename = temporaryFile();
  const raw = (): ReturnType<typeof openRaw> => openRaw(filename);
  return {
    target: { entry: 'sqlite', options: { filename } },
    store: (options) => closing(sqliteStore({ filename, ...options })),
    retention: (options) => sqliteRetention({ filename, ...options }),
    async query(sql) {
      const statement = raw().prepare(sql);
      if (statement.reader) return statement.all() as Record<string, unknown>[];
      statement.run();
      return [];
    },
    async insert(row) {
      raw()
        .prepare(insertInto(row, () => '?'))
        .run(...Object.values(row));
    },
  };
};

export const postgresWorld = async (url: string, given: PostgresStoreOptions = {}): Promise<World> => {
  const database = await postgresDatabase(url);
  onTestFinished(() => database[Symbol.asyncDispose]());
  const options: PostgresStoreOptions = { ...given, url: database.url };
  return {
    target: { entry: 'postgres', options },
    store: (more) => closing(postgresStore({ ...options, ...more })),
    retention: (more) => postgresRetention({ ...options, ...more }),
    query: async (sql) => (await database.admin.query(sql)).rows,
    async insert(row) {
      await database.admin.query(
        insertInto(row, (i) => `$${i + 1}`),
        Object.values(row),
      );
    },
  };
};

export const mysqlWorld = async (url: string): Promise<World> => {
  const database = await mysqlDatabase(url);
  onTestFinished(() => database[Symbol.asyncDispose]());
  const options: MysqlStoreOptions = { url: database.url };
  return {
    target: { entry: 'mysql', options },
    store: (more) => closing(mysqlStore({ ...options, ...more })),
    retention: (more) => mysqlRetention({ ...options, ...more }),
    query: async (sql) => (await database.admin.query(sql))[0] as Record<string, unknown>[],
    async insert(row) {
      await database.admin.query(
        insertInto(row, () => '?'),
        Object.values(row),
      );
    },
  };
};

function insertInto(row: object, place: (index: number) => string): string {
  const columns = Object.keys(row);
  return `INSERT INTO celery_taskmeta (${columns.join(', ')}) VALUES (${columns.map((_, i) => place(i)).join(', ')})`;
}

function closing(store: ResultStore): ResultStore {
  onTestFinished(() => store.close());
  return store;
}
