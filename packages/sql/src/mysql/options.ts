import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Accept, Serializer } from '@rb/core';
import type { LayoutName } from '../layout.js';
import { type Check, checkEach, ms, ofType, POOL_CHECKS, SHARED_CHECKS } from '../option-checks.js';
import type { MysqlPool } from './driver.js';
import type { TableNames } from './tables.js';

/** What mysql2 heeds of node:tls. */
export interface MysqlTlsOptions
  extends Pick<
    TlsOptions,
    'ca' | 'cert' | 'key' | 'passphrase' | 'ciphers' | 'minVersion' | 'maxVersion' | 'rejectUnauthorized'
  > {
  /** Whether the certificate must name the host. Where the host is an address, mysql2 cannot tell. @default true */
  readonly verifyIdentity?: boolean | undefined;
}

export interface MysqlStoreOptions {
  /** As Celery spells it: `mysql://user:password@host/database`, also with `db+` and a driver. Exactly one of `url` and `pool`. */
  readonly url?: string | undefined;
  /** A pool of `mysql2/promise` that stays yours: `close()` does not end it. Its sessions get READ COMMITTED, strict mode and UTC. */
  readonly pool?: MysqlPool | undefined;
  /** Names of Celery's two tables, as in its `database_table_names`. */
  readonly tables?: TableNames | undefined;
  /** Add missing tables, columns and indexes on first use. @default true */
  readonly createTables?: boolean | undefined;
  /**
   * `celery`: exactly Celery's tables, for a database that one may not alter. Then there are no deadlines and no groups, and dates have whole seconds.
   * `django`: exactly those of django-celery-results, with the same limits; `django-extended`: with our columns. @default 'extended'
   */
  readonly layout?: LayoutName | undefined;
  /** For args and kwargs; Celery's `result_serializer`. Results are pickles in any case. @default json */
  readonly serializer?: Serializer | undefined;
  /** What may be decoded of args and kwargs, beside the serializer's. @default the serializer and json */
  readonly accept?: Accept | undefined;
  /** IANA name of the zone in which dates are stored: Celery's `timezone` from 5.5 on. @default 'UTC' */
  readonly timeZone?: string | undefined;
  /** Largest record that is stored, in bytes. More only where you have widened Celery's BLOB and TEXT. @default 65_535; 4_194_304 in Django's tables */
  readonly maxBytes?: number | undefined;
  /** Beside what the URL has of it. */
  readonly tls?: MysqlTlsOptions | undefined;
  /** Connections that are kept. @default 10 */
  readonly poolSize?: number | undefined;
  /** So many more where they are all busy; closed when they are free. @default 0 */
  readonly maxOverflow?: number | undefined;
  /** A connection that nobody used for so long is closed. @default 60_000 */
  readonly idleTimeoutMs?: number | undefined;
  /** A connection of this age is closed when it is next free. @default never */
  readonly maxLifetimeMs?: number | undefined;
  /** @default 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest wait for a free connection. @default 10_000 */
  readonly acquireTimeoutMs?: number | undefined;
  /** Longest wait for an answer; the connection is then given up. @default 30_000 */
  readonly queryTimeoutMs?: number | undefined;
  /** The server ends what takes longer: MySQL reads alone, MariaDB any statement but a deployment's. @default the server's setting */
  readonly statementTimeoutMs?: number | undefined;
  /** How often to ask whether others wrote, while somebody watches; up to five times as long while nothing happens. @default 100 */
  readonly pollMs?: number | undefined;
  /** Clock, in Unix milliseconds. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Told of failures that no caller awaits: of watching, and of what handlers throw. @default ignored */
  readonly onBackgroundError?: ((error: unknown) => void) | undefined;
}

const CHECKS: Readonly<Record<keyof MysqlStoreOptions, Check>> = {
  pool: ofType('object', 'a pool of mysql2/promise'),
  connectTimeoutMs: ms,
  ...POOL_CHECKS,
  ...SHARED_CHECKS,
};

/** Errors: TypeError. */
export function checkOptions(options: MysqlStoreOptions): void {
  checkEach(options, CHECKS, 'url');
  if ((options.url === undefined) === (options.pool === undefined))
    throw new TypeError('expected exactly one of url and pool');
}
