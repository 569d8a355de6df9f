import { isResultError, ResultError, type ResultErrorCode } from '@rb/core';

export interface ErrorContext {
  /** `storing 3 records` */
  readonly doing: string;
  /** Host and database, without credentials. */
  readonly server: string;
  /** Whether a connection that died may have carried out what was asked. */
  readonly mayHaveLanded: boolean;
}

type Meaning = readonly [code: ResultErrorCode, says: string, retryable?: boolean];

const REFUSED: Meaning = ['RB_DENIED', 'the user name or password was refused'];
const LOCKED: Meaning = ['RB_DENIED', 'the account is locked, or its password has expired'];
const NO_RIGHT: Meaning = ['RB_DENIED', 'this user may not do that: check its grants on the database'];
const NO_TLS: Meaning = ['RB_DENIED', 'the server wants TLS, and this URL has none: add ssl_ca, or the option tls'];
const READ_ONLY: Meaning = ['RB_UNAVAILABLE', 'the server is read only, as a replica is; nothing was changed'];
const FULL: Meaning = ['RB_UNAVAILABLE', 'the disk, memory or table space is full; nothing was changed'];
const CROWDED: Meaning = ['RB_UNAVAILABLE', 'too many connections are open; nothing was changed'];
const CONFLICT: Meaning = ['RB_UNAVAILABLE', 'other transactions kept the rows locked; nothing was changed'];
const USED_UP: Meaning = [
  'RB_STORE',
  "other rows have the ids that come next, or the column takes none so large: make it a BIGINT, see this package's docs; nothing was changed",
];
const STOPPED: Meaning = ['RB_UNAVAILABLE', 'the server stopped the statement; nothing was changed'];
const TABLES: Meaning = [
  'RB_SCHEMA',
  "a table or column is missing; run the schema's deploy() once, or leave createTables on",
];
const COPY: Meaning = [
  'RB_SCHEMA',
  'this table can only be changed by copying it, which deploy() does not do to a large one: see the cause, and run the statement by hand',
];
const MADE: Meaning = ['RB_SCHEMA', 'another process has just made the same table, column or index', true];

/** By errno. Source: dev.mysql.com/doc/mysql-errors, mariadb.com/kb/en/mariadb-error-codes. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  1045: REFUSED,
  1698: REFUSED,
  1820: LOCKED,
  1862: LOCKED,
  3118: LOCKED,
  3955: LOCKED,
  4151: LOCKED,
  1130: ['RB_DENIED', 'the server lets nobody in from this address'],
  1251: REFUSED,
  3159: NO_TLS,
  1044: NO_RIGHT,
  1142: NO_RIGHT,
  1143: NO_RIGHT,
  1227: NO_RIGHT,
  1049: ['RB_SCHEMA', 'the database does not exist; create it'],
  1054: TABLES,
  1146: TABLES,
  1050: MADE,
  1845: COPY,
  1846: COPY,
  1060: MADE,
  1061: MADE,
  1153: ['RB_TOO_LARGE', 'the record is larger than the server takes (max_allowed_packet)'],
  1301: ['RB_TOO_LARGE', 'the record is larger than the server takes (max_allowed_packet)'],
  1406: ['RB_TOO_LARGE', 'a value is longer than its column takes; Celery makes BLOB and TEXT of 65535 bytes'],
  1366: ['RB_ENCODE', "a text has characters that the table's character set lacks; convert it to utf8mb4"],
  1665: ['RB_UNSUPPORTED', "the server's binlog_format takes no writes under READ COMMITTED: set it to ROW or MIXED"],
  1290: READ_ONLY,
  1792: READ_ONLY,
  1836: READ_ONLY,
  1021: FULL,
  1037: FULL,
  1038: FULL,
  1041: FULL,
  1114: FULL,
  1206: FULL,
  1047: ['RB_UNAVAILABLE', 'this node of the cluster takes no statements yet; nothing was changed'],
  1129: ['RB_UNAVAILABLE', 'the server blocks this host, as it failed to connect too often: FLUSH HOSTS there'],
  1040: CROWDED,
  1135: CROWDED,
  1203: CROWDED,
  1226: CROWDED,
  1020: CONFLICT,
  1062: CONFLICT,
  1205: CONFLICT,
  1213: CONFLICT,
  3101: CONFLICT,
  1264: USED_UP,
  1467: USED_UP,
  1690: USED_UP,
  1317: STOPPED,
  1969: STOPPED,
  3024: STOPPED,
};

/** A deadlock's victim, one who waited too long, met a row just inserted, or whom a cluster overruled: the whole transaction again. */
export const isConflict = (cause: unknown): boolean => MEANINGS[described(cause).errno] === CONFLICT;

/** It may be that a sequence gave an id that was there. */
export const isTaken = (cause: unknown): boolean => isStopped(cause) || described(cause).errno === 1062;

/** Of the server, or of the session. */
export const isReadOnly = (cause: unknown): boolean => MEANINGS[described(cause).errno] === READ_ONLY;

/** By the guard of a put, and by nothing else: a SUCCESS, or a row that is another task's. */
export const isStopped = (cause: unknown): boolean => described(cause).errno === 1690;

/** Too many are prepared on the server already, or a proxy does not have it: nothing was run. */
export const isUnprepared = (cause: unknown): boolean => [1243, 1295, 1461, 1615].includes(described(cause).errno);

/** The connection was seen to be gone before anything was sent on it. */
export const isUnsent = (cause: unknown): boolean => /in closed state/i.test(described(cause).message);

/** What a server says that ends the connection: shutdown, killed. */
const ENDED = new Set([1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 4031]);

export function isConnectionLoss(cause: unknown): boolean {
  const { code, errno, message } = described(cause);
  return (
    ENDED.has(errno) ||
    /^(PROTOCOL_(CONNECTION_LOST|SEQUENCE_TIMEOUT|PACKETS_OUT_OF_ORDER)|E(CONN|PIPE|TIMEDOUT|HOST|NET|AI_|NOTFOUND)|ERR_(TLS|SSL|STREAM|SOCKET)|HANDSHAKE_|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(
      code,
    ) ||
    /closed state|connection is closed|Connection lost|connect ETIMEDOUT|Pool is closed/i.test(message)
  );
}

/** A driver's or server's error as a ResultError. What was not foreseen becomes RB_STORE, with the original as its cause. */
export function toResultError(cause: unknown, { doing, server, mayHaveLanded }: ErrorContext): ResultError {
  if (isResultError(cause)) return cause;
  const [code, says, retryable] = meaningOf(cause, mayHaveLanded);
  return new ResultError(code, `${doing} failed on ${server}: ${says}`, { cause: withoutSql(cause), retryable });
}

function meaningOf(cause: unknown, mayHaveLanded: boolean): Meaning {
  const { code, errno } = described(cause);
  const known = MEANINGS[errno];
  if (known !== undefined) return known;
  if (isConnectionLoss(cause))
    return mayHaveLanded
      ? ['RB_OUTCOME_UNKNOWN', `the connection was lost before the answer came (${code || errno})`]
      : ['RB_UNAVAILABLE', `the connection could not be made or was lost (${code || errno})`];
  return ['RB_STORE', `${code || 'an unexpected error'}; see the cause`];
}

function described(cause: unknown): { code: string; errno: number; message: string } {
  const { code, errno, message } = (cause ?? {}) as { code?: unknown; errno?: unknown; message?: unknown };
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return { code: text(code), errno: typeof errno === 'number' ? errno : 0, message: text(message) };
}

/** mysql2 hangs the statement on its errors, with the values that were to be stored. */
function withoutSql(cause: unknown): unknown {
  if (!(cause instanceof Error) || !('sql' in cause)) return cause;
  const { code, errno } = described(cause);
  return Object.assign(new Error(cause.message), { code, errno });
}
