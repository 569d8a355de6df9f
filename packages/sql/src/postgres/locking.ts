import type { ResultError } from '@rb/core';
import { PAUSE_MS } from '../deploy.js';
import type { SchemaDialect } from '../dialect.js';
import type { Statement } from '../executor.js';
import type { Tables } from './tables.js';

/** Of the lock that keeps deployments of a database apart: the letters "rb_sql". */
const DEPLOYMENT_LOCK = 0x72_62_5f_73_71_6cn;

/**
 * Never waits: whoever waits has a snapshot, which keeps the indexes that another deployment builds from their end, and it may be
 * that one whose locks all the others wait for in turn.
 */
const TAKE_TURN: Statement = {
  sql: `DO $$BEGIN IF NOT pg_try_advisory_xact_lock(${DEPLOYMENT_LOCK}) THEN
    RAISE object_in_use USING MESSAGE = 'another deployment is under way'; END IF; END$$`,
  params: [],
};

/**
 * What alters a table first waits for all who use it, and whoever comes later waits behind: so it gives up after this time,
 * lets them pass and tries again.
 */
const LOCK_TIMEOUT_MS = 300;

/** Another deployment is over sooner than what else uses the tables. */
const TURN_MS = 50;

const PAUSES: ReadonlyMap<unknown, number> = new Map([
  ['55P03', PAUSE_MS],
  ['55006', TURN_MS],
]);

/** All locks end with their transaction, so that they also hold through PgBouncer. */
export const locking = ({ task }: Tables): Pick<SchemaDialect, 'locked' | 'pauseMs' | 'isReadOnly' | 'online'> => ({
  locked: (statements) => [
    // A limit that the role has on statements is not meant for this.
    set('statement_timeout', 0),
    TAKE_TURN,
    set('lock_timeout', LOCK_TIMEOUT_MS),
    ...statements,
  ],
  pauseMs: (error) => PAUSES.get(stateOf(error)),
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
