import { isResultError, ResultError, type ResultErrorCode } from '@rb/core';

export interface ErrorContext {
  /** `storing 3 records` */
  readonly doing: string;
  /** The file, or `:memory:`. */
  readonly database: string;
  /** Whether a failure may have come after the change was made durable. */
  readonly write: boolean;
}

type Meaning = readonly [code: ResultErrorCode, says: string, retryable?: boolean];

/** By SQLite's primary result code. Source: sqlite.org/rescode.html. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  SQLITE_BUSY: ['RB_UNAVAILABLE', 'another process kept it locked for longer than busyTimeoutMs; nothing was changed'],
  SQLITE_LOCKED: ['RB_UNAVAILABLE', 'it is locked by a statement of the same process; nothing was changed'],
  SQLITE_CANTOPEN: [
    'RB_UNAVAILABLE',
    'it cannot be opened; check that the file exists and who may read and write it and its directory',
  ],
  SQLITE_FULL: ['RB_UNAVAILABLE', 'the disk, or the size allowed for the database, is full; nothing was changed'],
  SQLITE_NOMEM: ['RB_UNAVAILABLE', 'memory ran out; nothing was changed'],
  SQLITE_PROTOCOL: ['RB_UNAVAILABLE', 'the lock could not be had; nothing was changed'],
  SQLITE_READONLY: [
    'RB_DENIED',
    'it may not be written; check the option readonly and the permissions of the file and its directory, which WAL must write to even to read',
  ],
  SQLITE_PERM: ['RB_DENIED', 'access was denied; check the permissions of the file and its directory'],
  SQLITE_AUTH: ['RB_DENIED', 'access was denied'],
  SQLITE_NOTADB: ['RB_STORE', 'the file is not an SQLite database, or is encrypted; check the file name'],
  SQLITE_CORRUPT: ['RB_STORE', "the file is damaged; restore a backup, or try sqlite3's .recover"],
  SQLITE_TOOBIG: ['RB_TOO_LARGE', 'a value is larger than SQLite takes'],
  SQLITE_SCHEMA: ['RB_SCHEMA', "a table was changed meanwhile; run the schema's deploy() again"],
};

/** A driver's error as a ResultError. What was not foreseen becomes RB_STORE, with the driver's error as its cause. */
export function toResultError(cause: unknown, { doing, database, write }: ErrorContext): ResultError {
  if (isResultError(cause)) return cause;
  const { code, message } = describe(cause);
  const [errorCode, says, retryable] = meaningOf(code, message, write);
  return new ResultError(errorCode, `${doing} failed on SQLite database ${database}: ${says}`, { cause, retryable });
}

function meaningOf(code: string, message: string, write: boolean): Meaning {
  if (code === 'SQLITE_READONLY_DBMOVED')
    return ['RB_UNAVAILABLE', 'the file was deleted or replaced, and will be opened anew; nothing was changed'];
  // SQLITE_BUSY_SNAPSHOT, SQLITE_READONLY_DIRECTORY ...: extended codes begin with the primary one.
  const primary = /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? '';
  const known = MEANINGS[primary];
  if (known !== undefined) return known;
  if (primary === 'SQLITE_IOERR')
    return [
      write ? 'RB_OUTCOME_UNKNOWN' : 'RB_UNAVAILABLE',
      `the operating system reported an input or output error (${code})`,
    ];
  // SQLite has no code of its own for these.
  if (/^no such (table|column)|has no column named/.test(message))
    return ['RB_SCHEMA', `${message}; run the schema's deploy() once, or leave createTables on`];
  if (/^ON CONFLICT clause does not match/.test(message))
    return ['RB_SCHEMA', 'the table has no unique index on its id alone: CREATE UNIQUE INDEX ... (task_id)'];
  // better-sqlite3 checks these before SQLite does, and throws a TypeError.
  // Mostly a mistake in the path: repeating the call would only keep the caller, or a wait for ever, from the message.
  if (message.includes('directory does not exist'))
    return ['RB_UNAVAILABLE', 'its directory does not exist; create it, or check the path', false];
  if (message.includes('database connection is not open')) return ['RB_CLOSED', 'the database was closed'];
  return ['RB_STORE', `${code || 'an unexpected error'}; see the cause`];
}

function describe(cause: unknown): { code: string; message: string } {
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown };
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}

export const isBusy = (cause: unknown): boolean => describe(cause).code.startsWith('SQLITE_BUSY');
