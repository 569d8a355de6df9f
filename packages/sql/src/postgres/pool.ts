import { loadDriver, type PgClient, type PgConnection, type PgPool } from './driver.js';
import type { PostgresStoreOptions } from './options.js';
import { tlsOf } from './tls.js';
import { targetOf } from './url.js';

export interface OpenPool {
  readonly pool: PgPool;
  connect(): Promise<PgClient>;
  /** For messages. */
  readonly name: string;
}

/** Errors: TypeError for a URL that cannot be understood, RB_UNSUPPORTED where pg is missing. */
export function openPool(url: string, options: PostgresStoreOptions): OpenPool {
  const {
    poolSize = 10,
    maxOverflow = 0,
    idleTimeoutMs = 60_000,
    maxLifetimeMs = 3_600_000,
    statementTimeoutMs,
  } = options;
  const { config, tls, name } = configOf(url, options);
  const pool = new (loadDriver().Pool)({
    ...config,
    ssl: tls.ssl(),
    max: poolSize + maxOverflow,
    idleTimeoutMillis: idleTimeoutMs,
    maxLifetimeSeconds: maxLifetimeMs / 1_000,
    ...(statementTimeoutMs !== undefined && { statement_timeout: statementTimeoutMs }),
  });
  return {
    pool,
    name,
    connect: () =>
      pool.connect().catch((error: unknown) => {
        if (!tls.fallsBack(error)) throw error;
        pool.options.ssl = tls.ssl();
        return pool.connect();
      }),
  };
}

export interface OpenConnection {
  /** A new one, outside of any pool. */
  open(): PgConnection;
  /** Of the last one, which could not connect: the next may go another way. */
  failed(error: unknown): void;
  readonly name: string;
}

/** Errors: as `openPool`. */
export function openConnection(url: string, options: PostgresStoreOptions): OpenConnection {
  const { config, tls, name } = configOf(url, options);
  const { Client } = loadDriver();
  return { name, open: () => new Client({ ...config, ssl: tls.ssl() }), failed: (error) => void tls.fallsBack(error) };
}

function configOf(url: string, { tls, acquireTimeoutMs = 10_000 }: PostgresStoreOptions) {
  const { connectionString, tls: parameters, place } = targetOf(url);
  return {
    config: { connectionString, keepAlive: true, connectionTimeoutMillis: acquireTimeoutMs },
    tls: tlsOf(parameters, tls),
    name: `PostgreSQL at ${place}`,
  };
}
