import type { ResultStore } from '@rb/core';
import { sharedServer } from '@rb/servers/fixture';
import { type MysqlStoreOptions, mysqlSchema, mysqlStore } from '../../src/mysql/index.js';
import { type PostgresStoreOptions, postgresSchema, postgresStore } from '../../src/postgres/index.js';
import type { SqlSchema } from '../../src/schema.js';
import { type SqliteStoreOptions, sqliteSchema, sqliteStore } from '../../src/sqlite/index.js';
import { databaseAt as mysqlDatabase } from '../mysql/database.js';
import { databaseAt as postgresDatabase } from '../postgres/database.js';
import { temporaryFile } from '../support.js';

type Options = Pick<
  SqliteStoreOptions & MysqlStoreOptions & PostgresStoreOptions,
  'layout' | 'tables' | 'createTables' | 'serializer' | 'accept' | 'timeZone' | 'listen' | 'pollMs' | 'now'
>;

/** A database of the test's own. */
export interface Place extends AsyncDisposable {
  /** As Django's DATABASES have it. */
  readonly database: Readonly<Record<string, unknown>>;
  open(options: Options): ResultStore;
  schema(options: Options): SqlSchema;
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
      dispose: () => Promise.resolve(),
    });
  },
  PostgreSQL: () =>
    on(postgres, postgresDatabase, 'postgresql', (url) => ({
      make: (options) => postgresStore({ url, poolSize: 2, ...options }),
      schema: (options) => postgresSchema({ url, ...options }),
    })),
  MariaDB: () => on(mariadb, mysqlDatabase, 'mysql', onMysql),
  MySQL: () => on(mysql, mysqlDatabase, 'mysql', onMysql),
};

const onMysql = (url: string): Pick<Parts, 'make' | 'schema'> => ({
  make: (options) => mysqlStore({ url, poolSize: 2, ...options }),
  schema: (options) => mysqlSchema({ url, ...options }),
});

async function on(
  server: Awaited<ReturnType<typeof sharedServer>>,
  databaseAt: (url: string) => Promise<AsyncDisposable & { readonly url: string }>,
  engine: string,
  parts: (url: string) => Pick<Parts, 'make' | 'schema'>,
): Promise<Place | Missing> {
  if ('missing' in server) return server;
  const database = await databaseAt(server.url);
  const { hostname, port, username, password, pathname } = new URL(database.url);
  const [USER, PASSWORD] = [username, password].map(decodeURIComponent);
  const address = { NAME: pathname.slice(1), USER, PASSWORD, HOST: hostname, PORT: port };
  return place({
    database: { ENGINE: `django.db.backends.${engine}`, ...address },
    ...parts(database.url),
    dispose: () => database[Symbol.asyncDispose](),
  });
}

interface Parts extends Pick<Place, 'database' | 'schema'> {
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
