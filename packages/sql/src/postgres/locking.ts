import type { ResultError } from '@rb/core';
import type { SchemaDialect } from '../dialect.js';
import type { Statement } from '../executor.js';
import type { Tables } from './tables.js';

/** Of the lock that keeps deployments of a database apart: the letters "rb_sql". */
const DEPLOYMENT_LOCK = 0x72_62_5f_73_71_6cn;

/**
 * What alters a table first waits for all who use it, and whoever comes later waits behind: so it gives up after this time,
 * lets them pass and tries again.
 */
const LOCK_TIMEOUT_MS = 300;

/** For other deployments, which take no longer than that several times over. */
const TURN_MS = 10_000;

/** All locks end with their transaction, so that they also hold through PgBouncer. */
export const locking = ({ task }: Tables): Pick<SchemaDialect, 'locked' | 'isBusy' | 'isReadOnly' | 'online'> => ({
  locked: (statements) => [
    // A limit that the role has on statements is not meant for this.
    set('statement_timeout', 0),
    set('lock_timeout', TURN_MS),
    { sql: 'SELECT pg_advisory_xact_lock($1::int8)', params: [DEPLOYMENT_LOCK] },
    set('lock_timeout', LOCK_TIMEOUT_MS),
    ...statements,
  ],
  isBusy: (error) => stateOf(error) === '55P03',
  isReadOnly: (error) => stateOf(error) === '25006',
  online: {
    // An index is not finished before every older snapshot is gone. An idle transaction has none, unless its last statement
    // was a query: that one's portal stays open, snapshot and all, until the next statement. Hence this order.
    lock: [
      {
        sql: 'SELECT pg_try_advisory_xact_lock(hashtextextended($1, $2))::int AS held',
        params: [task, DEPLOYMENT_LOCK],
      },
      set('idle_in_transaction_session_timeout', 0),
    ],
    progress: {
      sql: `SELECT CASE WHEN tuples_total > 0 THEN tuples_done / tuples_total::float8
          WHEN blocks_total > 0 THEN blocks_done / blocks_total::float8 END AS part
        FROM pg_stat_progress_create_index WHERE relid = to_regclass($1) LIMIT 1`,
      params: [task],
    },
  },
});

const stateOf = ({ cause }: ResultError): unknown => (cause as { readonly code?: unknown } | undefined)?.code;

const set = (name: string, ms: number): Statement => ({ sql: `SET LOCAL ${name} = ${ms}`, params: [] });
