import { isIP } from 'node:net';
import { accepting, json, type ResultStore } from '@rb/core';
import type { Dialect } from '../dialect.js';
import type { Executor } from '../executor.js';
import { isDjango, isExtended, layoutOf } from '../layout.js';
import { type SqlSchema, schemaOf } from '../schema.js';
import { sqlStore } from '../store.js';
import { datesIn } from '../zones.js';
import { mysqlDialect } from './dialect.js';
import { loadDriver } from './driver.js';
import { mysqlExecutor } from './executor.js';
import { checkOptions, type MysqlStoreOptions } from './options.js';
import { plainTables } from './tables.js';
import { parseMysqlUrl } from './url.js';

/** What a BLOB of Celery's holds. */
export const MAX_BYTES = 65_535;
const MAX_BYTES_OF_DJANGO = 4_194_304;

/** Times `pollMs`: asking for changes is not cheap here, so it is done less often while there are none. */
const MAX_POLL = 5;

/**
 * A result store in a MySQL or MariaDB database, in Celery's tables.
 *
 * Connects on first use. A batch is one statement; SUCCESS is final, decided by the statement itself.
 *
 * Errors: TypeError for wrong options, RB_UNSUPPORTED where mysql2 is missing.
 */
export function mysqlStore(options: MysqlStoreOptions): ResultStore {
  checkOptions(options);
  const { layout = 'extended', createTables = true, pollMs = 100 } = options;
  return sqlStore({
    dialect: dialectOf(options),
    executor: executorOf(options),
    serializer: accepting(options.serializer ?? json, options.accept),
    dates: datesIn(options.timeZone),
    layout,
    deploy: createTables,
    durable: true,
    maxBytes: options.maxBytes ?? (isDjango(layout) ? MAX_BYTES_OF_DJANGO : MAX_BYTES),
    pollMs,
    maxPollMs: MAX_POLL * pollMs,
    now: options.now ?? Date.now,
    onBackgroundError: options.onBackgroundError ?? (() => undefined),
  });
}

/** For a database whose tables are deployed by hand (`createTables: false`). Each call connects anew. */
export function mysqlSchema(options: MysqlStoreOptions): SqlSchema {
  checkOptions(options);
  // Two for a deployment that builds under a lock, and one to look at it meanwhile.
  return schemaOf(dialectOf(options).schema, () => executorOf({ ...options, maxOverflow: 2 }));
}

/** What `connect()` of @rb/core calls for `mysql:`, `mariadb:` and `db+mysql:` URLs. Options given win over the URL's. */
export const storeFromUrl = (url: string, options: MysqlStoreOptions = {}): ResultStore =>
  mysqlStore({ url, ...options });

export const dialectOf = ({ tables, layout = 'extended' }: MysqlStoreOptions): Dialect =>
  mysqlDialect(plainTables(layoutOf(layout), tables), layoutOf(layout), isExtended(layout));

export function executorOf(options: MysqlStoreOptions): Executor {
  const driver = loadDriver();
  const { poolSize = 10, maxOverflow = 0, acquireTimeoutMs = 10_000, queryTimeoutMs = 30_000 } = options;
  const { statementTimeoutMs, maxLifetimeMs } = options;
  const common = { escape: driver.escape, acquireTimeoutMs, queryTimeoutMs, statementTimeoutMs, maxLifetimeMs };
  if (options.pool !== undefined)
    return mysqlExecutor({
      ...common,
      name: 'the given pool',
      pool: options.pool,
      owned: false,
      size: Number.POSITIVE_INFINITY,
    });
  const { ssl, ...target } = parseMysqlUrl(options.url ?? '');
  const tls = options.tls === undefined ? ssl : { ...ssl, ...options.tls };
  // mysql2 compares an address with nothing but `localhost`.
  const verifyIdentity = (tls?.verifyIdentity ?? true) && isIP(target.host) === 0;
  const size = poolSize + maxOverflow;
  const pool = driver.createPool({
    ...target,
    ...(tls && { ssl: { ...tls, verifyIdentity } }),
    // One more than are ever asked for: mysql2 closes what rests too long only where it may keep fewer than it may open.
    connectionLimit: size + 1,
    maxIdle: poolSize,
    idleTimeout: options.idleTimeoutMs ?? 60_000,
    // With a good-bye, or the server would log them as aborted.
    gracefulEnd: true,
    connectTimeout: options.connectTimeoutMs ?? 5_000,
    // A transaction in one round trip; every value is escaped by the driver, in a mode that the session is set to.
    multipleStatements: true,
    // Values are in the text already; mysql2 would go through it for places to put them.
    queryFormat: (sql: string) => sql,
    // Taking down the stack of each call costs more than the call.
    trace: false,
  });
  const name = `MySQL at ${target.socketPath ?? `${target.host}:${target.port}`}`;
  return mysqlExecutor({ ...common, name, pool: pool.promise(), owned: true, size });
}
