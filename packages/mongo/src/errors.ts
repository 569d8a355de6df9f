import { isResultError, ResultError, type ResultErrorCode } from '@rb/core';

export interface ErrorContext {
  /** `storing 3 records` */
  readonly doing: string;
  /** Where, without credentials. */
  readonly server: string;
  /** Whether what a lost connection was asked may have been carried out. */
  readonly write: boolean;
  readonly taskId?: string | undefined;
}

type Meaning = readonly [code: ResultErrorCode, says: string, retryable?: boolean];

const REFUSED: Meaning = ['RB_DENIED', 'the user name or password was refused'];
const NO_RIGHT: Meaning = ['RB_DENIED', 'this user may not do that: it needs the role readWrite on the database'];
const NO_PRIMARY: Meaning = ['RB_UNAVAILABLE', 'this server is no primary; nothing was changed'];
const BUSY: Meaning = ['RB_UNAVAILABLE', 'the server has no room or no time for it; nothing was changed'];
const TOO_LARGE: Meaning = ['RB_TOO_LARGE', 'the document is larger than the server takes (16 MiB)'];

/** By the server's code. Source: github.com/mongodb/mongo, src/mongo/base/error_codes.yml. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  18: REFUSED,
  8000: REFUSED,
  13: NO_RIGHT,
  10107: NO_PRIMARY,
  13435: NO_PRIMARY,
  13436: NO_PRIMARY,
  112: ['RB_UNAVAILABLE', 'other writers were in the way; nothing was changed'],
  262: BUSY,
  14031: BUSY,
  16500: BUSY,
  121: ['RB_ENCODE', "the collection's own validator refuses the document"],
  10334: TOO_LARGE,
  17419: TOO_LARGE,
  17420: TOO_LARGE,
  59: ['RB_UNSUPPORTED', 'the server does not know the command: MongoDB 4.4 is the oldest that does'],
};

/** Of a server that ends or is overruled, of a time that is over, of a write that too few members have: it may have been done. */
const IN_DOUBT: ReadonlySet<number> = new Set([6, 7, 50, 64, 89, 91, 100, 189, 9001, 11_600, 11_602]);

/** A document of the same id is there that the write was not to replace; or a unique index of somebody else refuses it. */
export const isDuplicate = (error: unknown): boolean => described(error).code === 11_000;

/** What may pass when the same is sent again. */
export const isConflict = (error: unknown): boolean => described(error).code === 112;

/** Of a single write, what a bulk write would say of that one document and not of the whole call. */
export const isOfOneRecord = (error: unknown): boolean =>
  described(error).name === 'MongoServerError' &&
  [112, 121, 10_334, 11_000, 17_419, 17_420].includes(Number(described(error).code));

/** A driver's or server's error as a ResultError. What was not foreseen becomes RB_STORE, with the original as its cause. */
export function toResultError(cause: unknown, { doing, server, write, taskId }: ErrorContext): ResultError {
  if (isResultError(cause)) return cause;
  const inner = innermost(cause);
  const [code, says, retryable] = meaningOf(inner, write);
  return new ResultError(code, `${doing} failed on ${server}: ${says}`, { cause: bare(inner), retryable, taskId });
}

/** Whether the server may be away: it is to be found again before anything else is asked of it. */
export function isOutage(error: unknown): boolean {
  const cause = innermost(error);
  if (isResultError(cause)) return cause.cause !== undefined && isOutage(cause.cause);
  return knownOf(cause) === NO_PRIMARY || described(cause).name === SELECTION || isUnsent(cause) || isLost(cause);
}

/** A bulk write has what went wrong inside. */
const innermost = (error: unknown): unknown => {
  const { errorResponse } = (error ?? {}) as { readonly errorResponse?: unknown };
  return described(error).name === 'MongoBulkWriteError' && errorResponse instanceof Error ? errorResponse : error;
};

const SELECTION = 'MongoServerSelectionError';

/** By the server's code, where it has one. */
const knownOf = (cause: unknown): Meaning | undefined => MEANINGS[Number(described(cause).code)];

function meaningOf(cause: unknown, write: boolean): Meaning {
  const { name, code } = described(cause);
  const known = knownOf(cause);
  if (known !== undefined) return known;
  if (name === SELECTION) return selectionMeaning(cause);
  if (isUnsent(cause)) return ['RB_UNAVAILABLE', 'there was no connection for it; nothing was sent'];
  if (isLost(cause))
    return write
      ? ['RB_OUTCOME_UNKNOWN', 'the connection or the server was lost before the answer came']
      : ['RB_UNAVAILABLE', 'the connection or the server was lost before the answer came'];
  return ['RB_STORE', `${name || 'an unexpected error'}${code === undefined ? '' : ` ${code}`}; see the cause`];
}

/** It has the last failure of each server in its description of the topology. */
function selectionMeaning(cause: unknown): Meaning {
  const known = knownOf(deepest(cause));
  return known === REFUSED || known === NO_RIGHT
    ? known
    : ['RB_UNAVAILABLE', 'no server could be reached in time; nothing was sent'];
}

function deepest(error: unknown): unknown {
  const { cause } = (error ?? {}) as { readonly cause?: unknown };
  return cause === undefined ? error : deepest(cause);
}

const UNSENT: ReadonlySet<string> = new Set([
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoTopologyClosedError',
  'MongoNotConnectedError',
]);

function isUnsent(cause: unknown): boolean {
  const { name } = described(cause);
  return UNSENT.has(name) || (cause as { readonly beforeHandshake?: unknown } | undefined)?.beforeHandshake === true;
}

/** Also of a socket, in its own words: the driver hands some on as they are. */
const isLost = (cause: unknown): boolean => {
  const { name, code } = described(cause);
  return (
    /Network|Closed|PoolCleared|OperationTimeout|WriteConcern/.test(name) ||
    (typeof code === 'string' ? /^(E[A-Z]+|ERR_)/.test(code) : IN_DOUBT.has(code ?? 0))
  );
};

interface Described {
  readonly name: string;
  readonly message: string;
  /** A number of the server, a text of the system. */
  readonly code: number | string | undefined;
}

function described(cause: unknown): Described {
  const { name, message, code } = (cause ?? {}) as { name?: unknown; message?: unknown; code?: unknown };
  return {
    name: typeof name === 'string' ? name : '',
    message: typeof message === 'string' ? message : '',
    code: typeof code === 'number' || typeof code === 'string' ? code : undefined,
  };
}

/** The driver hangs commands, documents and whole topologies on its errors. */
function bare(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const { name, message, code } = described(cause);
  // A unique index' error quotes the key, which may be a payload.
  const error = new Error(message.replace(/dup key:.*/s, 'dup key'));
  error.name = name;
  return Object.assign(error, code !== undefined && { code });
}
