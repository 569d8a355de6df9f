import { accepting, json, type ResultStore } from '@rb/core';
import type { Executor } from '../executor.js';
import { isDjango, isExtended, layoutOf } from '../layout.js';
import { type SqlSchema, schemaOf } from '../schema.js';
import { sqlStore } from '../store.js';
import { datesIn, INSTANTS } from '../zones.js';
import { postgresDialect } from './dialect.js';
import { loadDriver } from './driver.js';
import { postgresExecutor } from './executor.js';
import { listener } from './listen.js';
import { channelOf } from './notifications.js';
import { checkOptions, type PostgresStoreOptions } from './options.js';
import { tablesOf } from './tables.js';
import { driverUrl, placeOf } from './url.js';

/**
 * A result store in a PostgreSQL database, in Celery's tables and sequences.
 *
 * Connects on first use. A batch is one statement; SUCCESS is final, decided by the statement itself.
 *
 * Errors: TypeError for wrong options, RB_UNSUPPORTED where pg is missing.
 */
export function postgresStore(options: PostgresStoreOptions): ResultStore {
  checkOptions(options);
  const { layout = 'extended', createTables = true } = options;
  return sqlStore({
    dialect: dialectOf(options),
    executor: executorOf(options),
    serializer: accepting(options.serializer ?? json, options.accept),
    dates: isDjango(layout) ? INSTANTS : datesIn(options.timeZone),
    layout,
    deploy: createTables,
    durable: true,
    maxBytes: options.maxBytes ?? 67_108_864,
    pollMs: options.pollMs ?? (options.listen ? 1_000 : 50),
    listen: listenOf(options),
    now: options.now ?? Date.now,
    onBackgroundError: options.onBackgroundError ?? (() => undefined),
  });
}

/** One to hold the lock of a deployment, one to build an index, one to ask how far it is. */
const SCHEMA_CONNECTIONS = 3;

/** For a database whose tables are deployed by hand (`createTables: false`). Each call connects anew. */
export function postgresSchema(options: PostgresStoreOptions): SqlSchema {
  checkOptions(options);
  return schemaOf(dialectOf(options).schema, () =>
    executorOf({ ...options, poolSize: SCHEMA_CONNECTIONS, statementTimeoutMs: undefined }),
  );
}

/** What `connect()` of @rb/core calls for `postgresql:`, `postgres:` and `db+postgresql:` URLs. Options given win over the URL's. */
export const storeFromUrl = (url: string, options: PostgresStoreOptions = {}): ResultStore =>
  postgresStore({ url, ...options });

const dialectOf = ({ tables, schemas, layout = 'extended', listen = false }: PostgresStoreOptions) =>
  postgresDialect(tablesOf(layoutOf(layout), tables, schemas), layoutOf(layout), isExtended(layout), listen !== false);

function listenOf({
  url,
  listen = false,
  layout = 'extended',
  tables,
  tls,
  acquireTimeoutMs = 10_000,
}: PostgresStoreOptions) {
  if (listen === false) return undefined;
  const connectionString = driverUrl(typeof listen === 'string' ? listen : (url ?? ''));
  const config = {
    ...{ connectionString, keepAlive: true, connectionTimeoutMillis: acquireTimeoutMs },
    ...(tls && { ssl: tls }),
  };
  const { Client } = loadDriver();
  const { names } = tablesOf(layoutOf(layout), tables);
  return (told: (taskIds?: readonly string[]) => void) =>
    listener(() => new Client(config), channelOf(names.task), told);
}

function executorOf(options: PostgresStoreOptions): Executor {
  const { url, pool, queryTimeoutMs = 30_000, prepare = false } = options;
  const common = { queryTimeoutMs, prepare };
  if (pool !== undefined) return postgresExecutor({ ...common, name: 'the given pool', pool, owned: false });
  const connectionString = driverUrl(url ?? '');
  const made = new (loadDriver().Pool)({
    connectionString,
    max: options.poolSize ?? 10,
    idleTimeoutMillis: options.idleTimeoutMs ?? 60_000,
    connectionTimeoutMillis: options.acquireTimeoutMs ?? 10_000,
    keepAlive: true,
    ...(options.maxLifetimeMs !== undefined && { maxLifetimeSeconds: options.maxLifetimeMs / 1_000 }),
    ...(options.statementTimeoutMs !== undefined && { statement_timeout: options.statementTimeoutMs }),
    ...(options.tls && { ssl: options.tls }),
  });
  return postgresExecutor({ ...common, name: `PostgreSQL at ${placeOf(connectionString)}`, pool: made, owned: true });
}
