import { accepting, json, type ResultStore } from '@rb/core';
import { CELERY } from '../celery-layout.js';
import type { Dialect } from '../dialect.js';
import type { Executor } from '../executor.js';
import { isDjango, isExtended, layoutOf } from '../layout.js';
import { type SqlSchema, schemaOf } from '../schema.js';
import { sqlStore } from '../store.js';
import type { Listen } from '../watch-source.js';
import { datesIn, INSTANTS } from '../zones.js';
import { postgresDialect } from './dialect.js';
import { postgresExecutor } from './executor.js';
import { listener } from './listen.js';
import { poolOfOne } from './lone-client.js';
import { checkOptions, type PostgresStoreOptions } from './options.js';
import { partitionsOf } from './partitions.js';
import { partitionsAhead } from './partitions-ahead.js';
import { openConnection, openPool } from './pool.js';
import { tablesOf } from './tables.js';

export const MAX_BYTES: number = 64 * 2 ** 20;

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
    maxBytes: options.maxBytes ?? MAX_BYTES,
    pollMs: options.pollMs ?? (options.listen ? 1_000 : 50),
    listen: listenOf(options),
    ahead: aheadOf(options),
    now: options.now ?? Date.now,
    onBackgroundError: options.onBackgroundError ?? (() => undefined),
  });
}

/** One to hold the lock of a deployment, one to build an index, one to ask how far it is. */
const SCHEMA_CONNECTIONS = 3;

/** For a database whose tables are deployed by hand (`createTables: false`). Each call connects anew; indexes take up to three connections at once. */
export function postgresSchema(options: PostgresStoreOptions): SqlSchema {
  checkOptions(options);
  return schemaOf(dialectOf(options).schema, () =>
    executorOf({ ...options, poolSize: SCHEMA_CONNECTIONS, statementTimeoutMs: undefined }),
  );
}

/** What `connect()` of @rb/core calls for `postgresql:`, `postgres:` and `db+postgresql:` URLs. Options given win over the URL's. */
export const storeFromUrl = (url: string, options: PostgresStoreOptions = {}): ResultStore =>
  postgresStore({ url, ...options });

export const dialectOf = ({
  tables,
  schemas,
  layout = 'extended',
  listen = false,
  partitions,
}: PostgresStoreOptions): Dialect =>
  postgresDialect(
    tablesOf(layoutOf(layout), tables, schemas),
    layoutOf(layout),
    isExtended(layout),
    listen !== false,
    partitions && partitionsOf(partitions),
  );

const aheadOf = ({ tables, schemas, partitions, now = Date.now }: PostgresStoreOptions) =>
  partitions && partitionsAhead(tablesOf(CELERY, tables, schemas), partitionsOf(partitions), now);

function listenOf(options: PostgresStoreOptions): Listen | undefined {
  const { url, listen = false, layout = 'extended', tables, schemas, onBackgroundError } = options;
  if (listen === false) return undefined;
  const connection = openConnection(typeof listen === 'string' ? listen : (url ?? ''), options);
  const named = tablesOf(layoutOf(layout), tables, schemas);
  return (told) => listener({ connection, tables: named, told, onBackgroundError });
}

export function executorOf(options: PostgresStoreOptions): Executor {
  const { url, client, queryTimeoutMs = 30_000, prepare = 'auto' as const, poolSize } = options;
  const common = { queryTimeoutMs, prepare };
  const pool = client ? poolOfOne(client) : options.pool;
  if (pool === undefined)
    return postgresExecutor({ ...common, ...openPool(url ?? '', options), owned: true, poolSize: poolSize ?? 10 });
  // How many connections it keeps is its own affair.
  const given = { name: `the given ${client ? 'client' : 'pool'}`, pool, connect: () => pool.connect() };
  return postgresExecutor({ ...common, ...given, poolSize: Number.POSITIVE_INFINITY, owned: false });
}
