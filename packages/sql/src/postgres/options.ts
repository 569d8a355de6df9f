import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Accept, Serializer } from '@rb/core';
import { isDjango, LAYOUT_NAMES, type LayoutName } from '../layout.js';
import type { PgPool } from './driver.js';
import type { PgLoneClient } from './lone-client.js';
import { type PartitionOptions, partitionsOf } from './partitions.js';
import type { SchemaNames, TableNames } from './tables.js';

export interface PostgresStoreOptions {
  /** As Celery or libpq spell it: `postgresql://user:password@host/database?sslmode=verify-full`, also with `db+` and a driver. Exactly one of `url`, `pool` and `client`. */
  readonly url?: string | undefined;
  /** A Pool of pg that stays yours: `close()` does not end it. */
  readonly pool?: PgPool | undefined;
  /** A connected Client of pg that stays yours, for one call at a time; whoever else uses it must not be within a transaction. */
  readonly client?: PgLoneClient | undefined;
  /** Names of Celery's two tables, as in its `database_table_names`. */
  readonly tables?: TableNames | undefined;
  /** Their schemas, as in Celery's `database_table_schemas`; they must exist. @default by the search_path */
  readonly schemas?: SchemaNames | undefined;
  /** Add missing tables, columns, indexes and triggers on first use. @default true */
  readonly createTables?: boolean | undefined;
  /**
   * `celery`: exactly Celery's tables, for a database that one may not alter. Then there are no deadlines and no groups.
   * `django`: exactly those of django-celery-results, with the same limits; `django-extended`: with our columns. @default 'extended'
   */
  readonly layout?: LayoutName | undefined;
  /** For args and kwargs; Celery's `result_serializer`. Results are pickles in any case. @default json */
  readonly serializer?: Serializer | undefined;
  /** What may be decoded of args and kwargs, beside the serializer's. @default the serializer and json */
  readonly accept?: Accept | undefined;
  /** IANA name of the zone in which dates are stored: Celery's `timezone` from 5.5 on, or here the `TimeZone` of its session. @default 'UTC' */
  readonly timeZone?: string | undefined;
  /** Largest record that is stored; reading has no such limit. @default 67_108_864 (64 MiB) */
  readonly maxBytes?: number | undefined;
  /** TLS settings, of node:tls; in place of those that the URL has. */
  readonly tls?: TlsOptions | undefined;
  /** Most connections that are kept. @default 10 */
  readonly poolSize?: number | undefined;
  /** Connections beyond `poolSize`, opened when all are busy and closed as soon as they are free. @default 0 */
  readonly maxOverflow?: number | undefined;
  /** A connection that nobody used for so long is closed. @default 60_000 */
  readonly idleTimeoutMs?: number | undefined;
  /** A connection of this age is closed when it is next free. @default 3_600_000 */
  readonly maxLifetimeMs?: number | undefined;
  /** Longest wait for a free connection, its making included. @default 10_000 */
  readonly acquireTimeoutMs?: number | undefined;
  /** Longest wait for the answer to a statement; the connection is then given up. @default 30_000 */
  readonly queryTimeoutMs?: number | undefined;
  /** The server cancels what takes longer. PgBouncer refuses it unless told to ignore it. @default the server's setting */
  readonly statementTimeoutMs?: number | undefined;
  /**
   * Prepare statements once per connection, which saves parsing and planning. `auto`: on connections that lead to the server
   * itself; through a pooler such as PgBouncer, which is told by the number of the process that answers, not. @default 'auto'
   */
  readonly prepare?: boolean | 'auto' | undefined;
  /**
   * Be told of writes by LISTEN on one more connection, while somebody watches; Celery's writes too, by triggers that are
   * deployed for it. A URL where `url` is PgBouncer's, or `pool` is given: LISTEN needs a session of its own. @default false
   */
  readonly listen?: boolean | string | undefined;
  /**
   * Makes the task table in partitions by deadline, so that expiry drops whole partitions; a table that is there stays as it is.
   * Every process that uses the table gives the same. @default one table
   */
  readonly partitions?: PartitionOptions | undefined;
  /** How often to ask whether others wrote, while somebody watches. @default 50; 1000 with `listen` */
  readonly pollMs?: number | undefined;
  /** Clock, in Unix milliseconds. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Told of failures that no caller awaits: of watching, and of what handlers throw. @default ignored */
  readonly onBackgroundError?: ((error: unknown) => void) | undefined;
}

type Check = readonly [holds: (value: unknown) => boolean, expected: string];

const positive: Check = [
  (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  'a positive number',
];
/** The most that a timer takes, some 25 days; with more it would fire at once. */
const MAX_MS = 2 ** 31 - 1;
const ms: Check = [
  (value) => typeof value === 'number' && value > 0 && value <= MAX_MS,
  `milliseconds up to ${MAX_MS}`,
];
const count = (least: number): Check => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
  `a whole number of at least ${least}`,
];
const ofType = (type: 'string' | 'boolean' | 'function' | 'object', expected: string): Check => [
  (value) => typeof value === type && value !== null,
  expected,
];

const CHECKS: Readonly<Record<keyof PostgresStoreOptions, Check>> = {
  url: ofType('string', 'a URL as text'),
  pool: ofType('object', 'a Pool of pg'),
  client: ofType('object', 'a Client of pg'),
  tables: ofType('object', 'an object of names'),
  schemas: ofType('object', 'an object of names'),
  createTables: ofType('boolean', 'true or false'),
  layout: [(value) => LAYOUT_NAMES.includes(value as LayoutName), `one of ${LAYOUT_NAMES.join(', ')}`],
  serializer: ofType('object', 'a serializer'),
  accept: [Array.isArray, 'a list of serializers'],
  timeZone: ofType('string', 'the name of a time zone'),
  maxBytes: positive,
  tls: ofType('object', 'TLS settings'),
  poolSize: count(1),
  maxOverflow: count(0),
  idleTimeoutMs: ms,
  maxLifetimeMs: ms,
  acquireTimeoutMs: ms,
  queryTimeoutMs: ms,
  statementTimeoutMs: ms,
  prepare: [(value) => typeof value === 'boolean' || value === 'auto', 'true, false or auto'],
  listen: [(value) => typeof value === 'boolean' || typeof value === 'string', 'true, false or a URL as text'],
  partitions: ofType('object', 'an object of options'),
  pollMs: ms,
  now: ofType('function', 'a function'),
  onBackgroundError: ofType('function', 'a function'),
};

/** Errors: TypeError for an option that is unknown, or would only fail or be ignored later. Values are not shown. */
export function checkOptions(options: PostgresStoreOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('expected an object of options, such as { url }');
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof PostgresStoreOptions] : undefined;
    if (check === undefined)
      throw new TypeError(`expected options among ${Object.keys(CHECKS).join(', ')}, got ${name.slice(0, 40)}`);
    const [holds, expected] = check;
    if (value !== undefined && !holds(value))
      throw new TypeError(`expected ${expected} as ${name}, got ${value === null ? 'null' : typeof value}`);
  }
  if ([options.url, options.pool, options.client].filter((given) => given !== undefined).length !== 1)
    throw new TypeError('expected exactly one of url, pool and client');
  if (options.partitions !== undefined) {
    if (options.layout !== undefined && options.layout !== 'extended')
      throw new TypeError(`expected no partitions beside layout: '${options.layout}'`);
    partitionsOf(options.partitions);
  }
  if (options.timeZone !== undefined && isDjango(options.layout ?? 'extended'))
    throw new TypeError('expected no timeZone for the tables of Django, which hold instants in PostgreSQL');
  if (options.listen === true && options.url === undefined)
    throw new TypeError('expected a URL as listen beside a pool or a client');
}
