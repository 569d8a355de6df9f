import { type Check, checkEach, msOrNone, ofType, oneOf, SHARED_CHECKS } from '../option-checks.js';
import type { SqliteStoreOptions } from './store.js';

const CHECKS: Readonly<Record<keyof SqliteStoreOptions, Check>> = {
  filename: ofType('string', 'a path as text'),
  database: ofType('object', 'a better-sqlite3 Database'),
  readonly: ofType('boolean', 'true or false'),
  busyTimeoutMs: msOrNone,
  synchronous: oneOf('OFF', 'NORMAL', 'FULL', 'EXTRA'),
  journalMode: oneOf('WAL', 'DELETE'),
  ...SHARED_CHECKS,
};

/** Errors: TypeError. */
export const checkOptions = (options: SqliteStoreOptions): void => checkEach(options, CHECKS, 'filename');
