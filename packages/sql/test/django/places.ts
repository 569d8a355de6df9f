import type { ResultStore } from '@rb/core';
import { sharedServer } from '@rb/servers/fixture';
import { type MysqlStoreOptions, mysqlSchema, mysqlStore } from '../../src/mysql/index.js';
import { type PostgresStoreOptions, postgresSchema, postgresStore } from '../../src/postgres/index.js';
import type { SqlSchema } from '../../src/schema.js';
import { type SqliteStoreOptions, sqliteSchema, sqliteStore } from '../../src/sqlite/index.js';
import { databaseAt as mysqlDatabase } from '../mysql/database.js';
import { databaseAt as postgresDatabase } from '../postgres/database.js';
import { openRaw, temporaryFile } from '../support.js';

export type Options = Pick<
  SqliteStoreOptions & MysqlStoreOptions & PostgresStoreOptions,
  'layout' | 'tables' | 'createTables' | 'serializer' | 'accept' | 'timeZone' | 'listen' | 'pollMs' | 'now'
>;

/** A database of the test's own. */
export interface Place extends AsyncDisposable {
  /** As Django's DATABASES have it. */
  readonly database: Readonly<Record<string, unknown>>;
  open(options: Options): ResultStore;
  schema(options: Options): SqlSchema;
  /** A statement beneath the store. */
  run(sql: string): Promise<unknown>;
}

type Missing = { readonly missing: string };

const [postgres, mariadb, mysql] = [
  await sharedServer('postgres'),
  await sharedServer('mariadb'),
  await sharedServer('mysql'),
];

export const PLACES: Readonly<Record<string, () => Promise<Place | Missing>>> = {
  SQLite: async () => {
    const filename = temporaryFile();
    return place({
      database: { ENGINE: 'django.db.backends.sqlite3', NAME: filename },
      make: (options) => sqliteStore({ filename, ...options }),
      schema: (options) => sqliteSchema({ filename, ...options }),
      run: async (sql) => openRaw(filename).exec(sql),
      dispose: () => Promise.resolve(),
    });
  },
  PostgreSQL: async () => {
    if ('missing' in postgres) return postgres;
    const database = await postgresDatabase(postgres.url);
    const { url } = database;
    return place({
      database: settings('django.db.backends.postgresql', url),
      make: (options) => postgresStore({ url, poolSize: 2, ...options }),
      schema: (options) => postgresSchema({ url, ...options }),
      run: (sql) => database.admin.query(sql),
      dispose: () => database[Symbol.asyncDispose](),
    });
  },
  MariaDB: () => onMysql(mariadb),
  MySQL: () => onMysql(mysql),
};

async function onMysql(server: Awaited<ReturnType<typeof sharedServer>>): Promise<Place | Missing> {
  if ('missing' in server) return server;
  const database = await mysqlDatabase(server.url);
  const { url } = database;
  return place({
    database: settings('django.db.backends.mysql', url),
    make: (options) => mysqlStore({ url, poolSize: 2, ...options }),
    schema: (options) => mysqlSchema({ url, ...options }),
    run: (sql) => database.admin.query(sql),
    dispose: () => database[Symbol.asyncDispose](),
  });
}

interface Parts extends Pick<Place, 'database' | 'schema' | 'run'> {
  make(options: Options): ResultStore;
  dispose(): PromiseLike<void>;
}

function place({ make, dispose, ...parts }: Parts): Place {
  const opened: ResultStore[] = [];
  return {
    ...parts,
    open(options) {
      const store = make(options);
      opened.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((store) => store.close()));
      await dispose();
    },
  };
}

function settings(engine: string, url: string): Place['database'] {
  const { hostname, port, username, password, pathname } = new URL(url);
  const [USER, PASSWORD] = [username, password].map(decodeURIComponent);
  return { ENGINE: engine, NAME: pathname.slice(1), USER, PASSWORD, HOST: hostname, PORT: port };
}
