import { PAUSE_MS } from '../deploy.js';
import type { SchemaDialect } from '../dialect.js';
import { isReadOnly } from './errors.js';

/** Seconds that a deployment waits for another one. */
const TURN_SECONDS = 300;

/**
 * What alters a table first waits for all transactions that used it, and whoever comes later waits behind: so it gives up
 * after so many seconds, lets them pass and tries again.
 */
const LOCK_SECONDS = 1;

const CONFLICTS: readonly unknown[] = [1205, 1213];

/** The locks end with their session, which a deployment has for itself. */
export const LOCKING: Pick<SchemaDialect, 'locked' | 'pauseMs' | 'isReadOnly' | 'online'> = {
  locked: (statements) => [
    { sql: `SET SESSION lock_wait_timeout = ${LOCK_SECONDS}`, params: [] },
    { sql: 'SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 32), ?), ?)', params: [':rb-schema', TURN_SECONDS] },
    ...statements,
    { sql: 'SELECT RELEASE_LOCK(CONCAT(LEFT(DATABASE(), 32), ?))', params: [':rb-schema'] },
  ],
  pauseMs: ({ cause }) =>
    CONFLICTS.includes((cause as { readonly errno?: unknown } | undefined)?.errno) ? PAUSE_MS : undefined,
  isReadOnly: ({ cause }) => isReadOnly(cause),
  online: {
    lock: [{ sql: 'SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 32), ?), 0) = 1 AS held', params: [':rb-online'] }],
  },
};
