import { accepting, json, type ResultStore } from '@rb/core';
import type { Executor } from '../executor.js';
import { isExtended, layoutOf } from '../layout.js';
import { type SqlSchema, schemaOf } from '../schema.js';
import { sqlStore } from '../store.js';
import { datesIn } from '../zones.js';
import { mysqlDialect } from './dialect.js';
import { loadDriver } from './driver.js';
import { mysqlExecutor } from './executor.js';
import { checkOptions, type MysqlStoreOptions } from './options.js';
import { plainTables } from './tables.js';
import { parseMysqlUrl } from './url.js';

/**
 * A result store in a MySQL or MariaDB database, in Celery's tables.
 *
 * Connects on first use. A batch is one transaction in one round trip; SUCCESS is final, decided by the statement itself.
 *
 * Errors: TypeError for wrong options, RB_UNSUPPORTED where mysql2 is missing.
 */
export function mysqlStore(options: MysqlStoreOptions): ResultStore {
  checkOptions(options);
  const { layout = 'extended', createTables = true } = options;
  return sqlStore({
    dialect: dialectOf(options),
    executor: executorOf(options),
    serializer: accepting(options.serializer ?? json, options.accept),
    dates: datesIn(options.timeZone),
    layout,
    deploy: createTables,
    durable: true,
    maxBytes: options.maxBytes ?? 65_535,
    pollMs: options.pollMs ?? 100,
    now: options.now ?? Date.now,
    onBackgroundError: options.onBackgroundError ?? (() => undefined),
  });
}

/** For a database whose tables are deployed by hand (`createTables: false`). Each call connects anew. */
export function mysqlSchema(options: MysqlStoreOptions): SqlSchema {
  checkOptions(options);
  return schemaOf(dialectOf(options).schema, () => executorOf(options));
}

/** What `connect()` of @rb/core calls for `mysql:`, `mariadb:` and `db+mysql:` URLs. Options given win over the URL's. */
export const storeFromUrl = (url: string, options: MysqlStoreOptions = {}): ResultStore =>
  mysqlStore({ url, ...options });

const dialectOf = ({ tables, layout = 'extended' }: MysqlStoreOptions) =>
  mysqlDialect(plainTables(layoutOf(layout), tables), layoutOf(layout), isExtended(layout));

function executorOf(options: MysqlStoreOptions): Executor {
  const driver = loadDriver();
  const { acquireTimeoutMs = 10_000, queryTimeoutMs = 30_000 } = options;
  const common = { format: driver.format, acquireTimeoutMs, queryTimeoutMs };
  if (options.pool !== undefined)
    return mysqlExecutor({ ...common, name: 'the given pool', pool: options.pool, owned: false });
  const { ssl, ...target } = parseMysqlUrl(options.url ?? '');
  const tls = options.tls === undefined ? ssl : { ...ssl, ...options.tls };
  const pool = driver.createPool({
    ...target,
    ...(tls && { ssl: tls }),
    connectionLimit: options.poolSize ?? 10,
    idleTimeout: options.idleTimeoutMs ?? 60_000,
    connectTimeout: options.connectTimeoutMs ?? 5_000,
    // A transaction in one round trip; every value is escaped by the driver, in a mode that the session is set to.
    multipleStatements: true,
    dateStrings: true,
  });
  const name = `MySQL at ${target.socketPath ?? `${target.host}:${target.port}`}`;
  return mysqlExecutor({ ...common, name, pool: pool.promise(), owned: true });
}
