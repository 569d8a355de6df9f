import { type Accept, accepting, json, type ResultStore, type Serializer } from '@rb/core';
import type { Dialect } from '../dialect.js';
import type { Executor } from '../executor.js';
import { isExtended, type LayoutName, layoutOf } from '../layout.js';
import { type SqlSchema, schemaOf } from '../schema.js';
import { sqlStore } from '../store.js';
import { datesIn } from '../zones.js';
import { openConnection } from './connection.js';
import { sqliteDialect } from './dialect.js';
import type { SqliteDatabase } from './driver.js';
import { sqliteExecutor } from './executor.js';
import { movedCheck } from './moved.js';
import { checkOptions } from './options.js';
import { plainTables, type TableNames } from './tables.js';
import { optionsFromUrl } from './url.js';

export const MAX_BYTES: number = 64 * 2 ** 20;

export interface SqliteStoreOptions {
  /** Path of the file, `:memory:` for none. Exactly one of `filename` and `database`. */
  readonly filename?: string | undefined;
  /** A better-sqlite3 Database that stays yours: its pragmas are left as they are, and `close()` does not close it. */
  readonly database?: SqliteDatabase | undefined;
  /** Names of Celery's two tables, as in its `database_table_names`. */
  readonly tables?: TableNames | undefined;
  /** Add missing tables, columns, indexes and triggers on first use. @default true */
  readonly createTables?: boolean | undefined;
  /**
   * `celery`: exactly Celery's tables, for a database that one may not alter. Then there are no deadlines and no groups.
   * `django`: exactly those of django-celery-results, with the same limits; `django-extended`: with our columns. @default 'extended'
   */
  readonly layout?: LayoutName | undefined;
  /** Never write. @default false */
  readonly readonly?: boolean | undefined;
  /** How long to wait for another writer before RB_UNAVAILABLE. @default 5000 */
  readonly busyTimeoutMs?: number | undefined;
  /**
   * `NORMAL`: after a power failure the last moments' records may be missing, though the file is sound and a crash of the
   * process loses nothing. `FULL` also survives a power failure, at one disk flush per batch. @default 'NORMAL'
   */
  readonly synchronous?: 'OFF' | 'NORMAL' | 'FULL' | 'EXTRA' | undefined;
  /** `WAL` is stored in the file and holds for Celery too. `DELETE` for file systems without shared memory. @default 'WAL' */
  readonly journalMode?: 'WAL' | 'DELETE' | undefined;
  /** For args and kwargs; Celery's `result_serializer`. Results are pickles in any case. @default json */
  readonly serializer?: Serializer | undefined;
  /** What may be decoded of args and kwargs, beside the serializer's. @default the serializer and json */
  readonly accept?: Accept | undefined;
  /** IANA name of the zone in which dates are stored: Celery's `timezone` from 5.5 on. @default 'UTC' */
  readonly timeZone?: string | undefined;
  /** Largest record that is stored; reading has no such limit. @default 67_108_864 (64 MiB) */
  readonly maxBytes?: number | undefined;
  /** How often to ask whether other processes wrote, while somebody watches. @default 25 */
  readonly pollMs?: number | undefined;
  /** Clock, in Unix milliseconds. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Told of failures that no caller awaits: of watching, and of what handlers throw. @default ignored */
  readonly onBackgroundError?: ((error: unknown) => void) | undefined;
}

/**
 * A result store in an SQLite database, in Celery's tables.
 *
 * Opens the file on first use. A batch is written in one transaction; SUCCESS is final, decided by the statement itself.
 *
 * Errors: TypeError for wrong options.
 */
export function sqliteStore(options: SqliteStoreOptions): ResultStore {
  checkOptions(options);
  const { createTables = true, layout = 'extended', readonly = false } = options;
  return sqlStore({
    dialect: dialectOf(options),
    executor: executorOf(options),
    serializer: accepting(options.serializer ?? json, options.accept),
    dates: datesIn(options.timeZone),
    layout,
    deploy: createTables && !readonly,
    durable: !(options.database?.memory ?? isMemory(options.filename)),
    maxBytes: options.maxBytes ?? MAX_BYTES,
    pollMs: options.pollMs ?? 25,
    now: options.now ?? Date.now,
    onBackgroundError: options.onBackgroundError ?? (() => undefined),
  });
}

/** For a database whose tables are deployed by hand (`createTables: false`). Each call opens the file, making it if need be, and closes it. */
export function sqliteSchema(options: SqliteStoreOptions): SqlSchema {
  checkOptions(options);
  return schemaOf(dialectOf(options).schema, () => executorOf({ ...options, createTables: true }));
}

/** What `connect()` of @rb/core calls for `sqlite:` and `db+sqlite:` URLs. Options given win over the URL's. */
export const storeFromUrl = (url: string, options: SqliteStoreOptions = {}): ResultStore =>
  sqliteStore({ ...optionsFromUrl(url), ...options });

export const dialectOf = ({ tables, layout = 'extended', database }: SqliteStoreOptions): Dialect =>
  sqliteDialect(plainTables(layoutOf(layout), tables), layoutOf(layout), isExtended(layout), database !== undefined);

export function executorOf(options: SqliteStoreOptions): Executor {
  const { filename, database, createTables = true, readonly = false, busyTimeoutMs = 5_000 } = options;
  if ((filename === undefined) === (database === undefined))
    throw new TypeError('expected exactly one of filename and database');
  const { synchronous = 'NORMAL', journalMode = 'WAL' } = options;
  const open = async (): Promise<SqliteDatabase> =>
    database ??
    openConnection({
      filename: filename ?? ':memory:',
      readonly,
      fileMustExist: readonly || !createTables,
      synchronous,
      journalMode,
    });
  const watchFile = filename === undefined || isMemory(filename) ? undefined : () => movedCheck(filename);
  return sqliteExecutor({ name: filename ?? 'given', open, watchFile, owned: database === undefined, busyTimeoutMs });
}

/** As better-sqlite3 tells. */
const isMemory = (filename = ''): boolean => ['', ':memory:'].includes(filename.trim());
