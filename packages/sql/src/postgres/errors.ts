import { isResultError, ResultError, type ResultErrorCode } from '@rb/core';

export interface ErrorContext {
  /** `storing 3 records` */
  readonly doing: string;
  /** Where, without credentials. */
  readonly server: string;
  /** Whether a connection that died may have carried out what was asked. */
  readonly mayHaveLanded: boolean;
}

type Meaning = readonly [code: ResultErrorCode, says: string, retryable?: boolean];

const DEPLOY = "run the schema's deploy() once, or leave createTables on";

const POOLED = 'a pooler passes statements to connections that others prepare on: leave the option prepare at auto';

/** By SQLSTATE, else by its class, the first two characters. Source: postgresql.org/docs/current/errcodes-appendix.html. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  '0A000': ['RB_UNSUPPORTED', 'the server cannot do it; nothing was changed'],
  '22001': ['RB_TOO_LARGE', 'a text is longer than its column takes; nothing was changed'],
  '22003': [
    'RB_STORE',
    "a number is larger than its column takes: where ids are used up, make it a bigint, see this package's docs; nothing was changed",
  ],
  '22021': ['RB_ENCODE', 'PostgreSQL keeps no U+0000 in a text, or the database is not in UTF-8; nothing was changed'],
  '22P05': ['RB_ENCODE', "a character is not in the database's encoding: make it UTF-8; nothing was changed"],
  '23505': [
    'RB_STORE',
    'an id is there already: where its sequence is behind, GRANT UPDATE on that; or a value that an index of yours wants once; nothing was changed',
  ],
  '25006': ['RB_UNAVAILABLE', 'the server or the session is read-only (a replica?); nothing was changed'],
  '26000': ['RB_UNSUPPORTED', POOLED],
  '28': ['RB_DENIED', 'the server refused the user name, the password or the address (pg_hba.conf)'],
  '3D000': ['RB_SCHEMA', 'the database does not exist; create it, or check the URL'],
  '3F000': ['RB_SCHEMA', 'the schema does not exist; create it, or check the option schemas'],
  '40001': ['RB_UNAVAILABLE', 'other transactions kept getting in its way; nothing was changed'],
  '40P01': ['RB_UNAVAILABLE', 'it kept running into deadlocks; nothing was changed'],
  '42501': ['RB_DENIED', 'the user lacks the privilege: GRANT it on the tables and their sequences'],
  '42P01': ['RB_SCHEMA', `a table or sequence does not exist; ${DEPLOY}`],
  '42703': ['RB_SCHEMA', `a column does not exist; ${DEPLOY}`],
  '42883': ['RB_SCHEMA', `a function does not exist; ${DEPLOY}`],
  '42701': ['RB_SCHEMA', 'the column is there already'],
  '42P10': [
    'RB_SCHEMA',
    'the table has no unique index on its id alone: add UNIQUE (task_id), or see the option partitions',
  ],
  '42P05': ['RB_UNSUPPORTED', POOLED],
  '42P07': ['RB_SCHEMA', 'the table, index or sequence is there already'],
  '42710': ['RB_SCHEMA', 'the trigger or index is there already'],
  '53': ['RB_UNAVAILABLE', 'the server ran out of connections, memory or disk; nothing was changed'],
  '53100': ['RB_UNAVAILABLE', 'the disk of the server is full; nothing was changed'],
  '53300': ['RB_UNAVAILABLE', 'too many connections are open; nothing was changed'],
  '54': ['RB_TOO_LARGE', 'a value is larger than PostgreSQL takes; nothing was changed'],
  '55006': ['RB_UNAVAILABLE', 'another deployment is under way; nothing was changed'],
  '55P03': ['RB_UNAVAILABLE', 'a lock could not be had in time (lock_timeout); nothing was changed'],
  '57014': ['RB_UNAVAILABLE', 'the server cancelled the statement (statement_timeout); nothing was changed'],
  '57P03': ['RB_UNAVAILABLE', 'the server is starting up or shutting down; nothing was changed'],
};

/** PgBouncer has no SQLSTATE but that of a broken protocol. All of it comes before a statement is passed on. */
const POOLER: readonly (readonly [words: RegExp, Meaning])[] = [
  [
    /authentication failed|no such user|login rejected/i,
    ['RB_DENIED', 'the pooler refused the user name or the password'],
  ],
  [
    /no such database|database .* does not exist/i,
    ['RB_SCHEMA', 'the pooler knows no such database: check the URL and its [databases]'],
  ],
  [
    /unsupported startup parameter/i,
    ['RB_UNSUPPORTED', 'the pooler refuses a setting, such as statementTimeoutMs: see its ignore_startup_parameters'],
  ],
  [/query_wait_timeout/i, ['RB_UNAVAILABLE', 'the pooler had no free connection in time; nothing was changed']],
];

/** A driver's or server's error as a ResultError. What was not foreseen becomes RB_STORE, with the original as its cause. */
export function toResultError(cause: unknown, { doing, server, mayHaveLanded }: ErrorContext): ResultError {
  if (isResultError(cause)) return cause;
  const [code, says, retryable] = meaningOf(cause, mayHaveLanded);
  return new ResultError(code, `${doing} failed on ${server}: ${says}`, { cause: withoutRow(cause), retryable });
}

function meaningOf(cause: unknown, mayHaveLanded: boolean): Meaning {
  const { code, message } = described(cause);
  const pooled = code === '08P01' ? POOLER.find(([words]) => words.test(message)) : undefined;
  if (pooled !== undefined) return pooled[1];
  if (code === '28000' && /no encryption|SSL off/i.test(message))
    return [
      'RB_DENIED',
      'the server takes connections with TLS only: add sslmode=require to the URL, or better verify-full',
    ];
  const known = MEANINGS[code] ?? (isSqlState(code) ? MEANINGS[code.slice(0, 2)] : undefined);
  if (known !== undefined) return known;
  if (isUntrusted(code))
    return ['RB_UNAVAILABLE', "the server's certificate is not trusted: see sslmode and sslrootcert", false];
  if (isConnectionLoss(cause)) {
    return mayHaveLanded
      ? ['RB_OUTCOME_UNKNOWN', 'the connection was lost, or nothing answered, before the answer came']
      : ['RB_UNAVAILABLE', 'there is no connection, or it was lost; nothing was changed'];
  }
  // The driver's own, before a password is sent.
  if (/^SASL|password must be a string|unsupported authentication/i.test(message))
    return ['RB_DENIED', 'the server wants a password, or another one: check the URL'];
  if (/does not support SSL/i.test(message))
    return ['RB_UNSUPPORTED', 'the server speaks no TLS: take sslmode out of the URL, or switch TLS on there'];
  return ['RB_STORE', `${code || 'an unexpected error'}; see the cause`];
}

/** Another transaction was in the way and this one was rolled back: try it again. 23505: both inserted the same name. */
export const isConflict = (cause: unknown): boolean => ['40001', '40P01', '23505'].includes(described(cause).code);

/** Of a sequence that was left behind, or a name that was made twice. */
export const isTaken = (cause: unknown): boolean => described(cause).code === '23505';

/** The driver knew already that the connection is lost, and so sent nothing; a transaction was not committed. */
export const isUnsent = (cause: unknown): boolean => /not queryable|Client was closed/i.test(described(cause).message);

/** What was prepared by name is gone (DISCARD ALL, a pooler), is another's, or returns other types since the schema was changed. */
export const isStaleName = (cause: unknown): boolean => ['26000', '42P05', '0A000'].includes(described(cause).code);

/** Classes 08 and 57P: the server ends the connection itself. The rest is sockets, name look-ups, TLS, and pg's own words. */
export function isConnectionLoss(cause: unknown): boolean {
  const { code, message } = described(cause);
  if (isSqlState(code)) return code.startsWith('08') || /^57P0[1245]$/.test(code);
  return (
    /^(E[A-Z_]+|ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(code) ||
    /connection (terminated|ended|error|timeout)|read timeout|timeout exceeded|not queryable|Client was closed/i.test(
      message,
    )
  );
}

const isUntrusted = (code: string): boolean => /^(CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|ERR_TLS_CERT)/.test(code);

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code);

function described(cause: unknown): { readonly code: string; readonly message: string } {
  // Where a name has several addresses, none of which answered.
  const inner = (cause as { errors?: readonly unknown[] } | null)?.errors?.[0] ?? cause;
  const { code, message } = (inner ?? {}) as { code?: unknown; message?: unknown };
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}

/** PostgreSQL tells the row that it refused, payload and all, and the values of the statement. */
function withoutRow(cause: unknown): unknown {
  const { code, message } = described(cause);
  if (!isSqlState(code)) return cause;
  const { name, severity, table, column, constraint } = cause as Record<string, unknown>;
  return Object.assign(new Error(/^22/.test(code) ? `SQLSTATE ${code}` : message), {
    name: String(name ?? 'error'),
    ...{ code, severity, table, column, constraint },
  });
}
