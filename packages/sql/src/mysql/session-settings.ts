export interface SessionTimes {
  readonly queryTimeoutMs: number;
  readonly statementTimeoutMs?: number | undefined;
}

/** Every session, whatever the server's defaults: also what escaping text and comparing it rely on. */
export function sessionSettings({ queryTimeoutMs, statementTimeoutMs }: SessionTimes): readonly string[] {
  const settings = [
    'autocommit = 1',
    "sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
    "time_zone = '+00:00'",
    // Half as long as an answer is waited for: that others keep a row locked is told by the server, and nothing was changed.
    `innodb_lock_wait_timeout = ${Math.max(1, Math.floor(queryTimeoutMs / 2_000))}`,
  ];
  const limit =
    statementTimeoutMs === undefined ? '' : `${ofMysql(statementTimeoutMs)} ${ofMariadb(statementTimeoutMs)}`;
  return [
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    `SET SESSION ${settings.join(', ')} ${limit}`,
    'SET NAMES utf8mb4',
  ];
}

/** Of a build that took an hour, for its end, which needs the table alone for a moment. */
const LOCK_SECONDS = 10;

/** Takes the server's limit off a session that changes a large table; MySQL's is for SELECT alone. */
export const UNLIMITED: string = `SET SESSION lock_wait_timeout = ${LOCK_SECONDS} ${ofMariadb(0)}`;

/** In comments that one of the two executes; MySQL's is in milliseconds and for SELECT alone, MariaDB's in seconds. */
function ofMysql(ms: number): string {
  return `/*!80000 , max_execution_time = ${Math.ceil(ms)} */`;
}
function ofMariadb(ms: number): string {
  return `/*M!100100 , max_statement_time = ${ms / 1_000} */`;
}
