import { isResultError, ResultError, type ResultErrorCode } from '@rb/core';

export interface ErrorContext {
  /** `putting 3 records` */
  readonly doing: string;
  /** Where, without credentials. */
  readonly server: string;
  /** Whether a connection that died may have carried out what was asked. */
  readonly write: boolean;
  readonly taskId?: string | undefined;
}

type Meaning = readonly [code: ResultErrorCode, says: string, retryable?: boolean];

/** By the first word of Redis' reply. Source: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors. */
const REPLIES: Readonly<Record<string, Meaning>> = {
  NOAUTH: ['RB_DENIED', 'the server wants a password: put it into the URL, or pass credentials'],
  WRONGPASS: ['RB_DENIED', 'the user name or password was refused'],
  NOPERM: ['RB_DENIED', 'this user may not run the command, or not on this key: check its ACL rules'],
  DENIED: ['RB_DENIED', 'the server is in protected mode: set a password or bind addresses'],
  OOM: ['RB_UNAVAILABLE', 'the server is over its maxmemory; nothing was changed'],
  READONLY: ['RB_UNAVAILABLE', 'this server is a read-only replica; nothing was changed'],
  LOADING: ['RB_UNAVAILABLE', 'the server is loading its data; nothing was changed'],
  BUSY: ['RB_UNAVAILABLE', 'the server is busy with a script; nothing was changed'],
  MASTERDOWN: ['RB_UNAVAILABLE', 'the replica has lost its master; nothing was changed'],
  NOREPLICAS: ['RB_UNAVAILABLE', 'too few replicas are connected for a write; nothing was changed'],
  MISCONF: ['RB_UNAVAILABLE', 'the server cannot save to disk and refuses writes; look at its log'],
  CLUSTERDOWN: ['RB_UNAVAILABLE', 'the cluster is down or does not cover this slot; nothing was changed'],
  TRYAGAIN: ['RB_UNAVAILABLE', 'the slot is being moved; nothing was changed'],
  MOVED: ['RB_UNSUPPORTED', 'this server is a node of a Cluster: pass the option cluster'],
  ASK: ['RB_UNAVAILABLE', 'the slot is being moved; nothing was changed'],
  CROSSSLOT: ['RB_STORE', 'the keys of one call are in several slots'],
  WRONGTYPE: [
    'RB_STORE',
    'something else than a result is stored under a key of this id: another program uses the name',
  ],
  NOSCRIPT: ['RB_UNAVAILABLE', 'the server forgot the script; nothing was changed'],
};

const REPLY_WORD = new RegExp(`\\b(${Object.keys(REPLIES).join('|')})\\b`);

/** A driver's or server's error as a ResultError. What was not foreseen becomes RB_STORE, with the original as its cause. */
export function toResultError(error: unknown, { doing, server, write, taskId }: ErrorContext): ResultError {
  if (isResultError(error)) return error;
  const cause = ofNode(error);
  const [code, says, retryable] = meaningOf(cause, write);
  return new ResultError(code, `${doing} failed on ${server}: ${says}`, {
    cause: withoutCommand(cause),
    retryable,
    taskId,
  });
}

function meaningOf(cause: unknown, write: boolean): Meaning {
  const { name, message, code } = described(cause);
  if (name === 'ReplyError') return replyMeaning(message);
  // What ioredis makes of the last Sentinel's reply.
  if (/sentinels are unreachable.*\b(NOAUTH|WRONGPASS|NOPERM)\b/.test(message)) {
    return [
      'RB_DENIED',
      'the Sentinels refused the client: pass sentinelPassword, and sentinelUsername where they have users',
    ];
  }
  // Nothing was sent: the client said so itself.
  if (/isn't writeable|isn't ready|Too many Cluster redirections/.test(message)) {
    return ['RB_UNAVAILABLE', 'there is no connection; nothing was sent'];
  }
  if (/unknown|not supported/i.test(code)) return ['RB_STORE', `${code}; see the cause`];
  if (isConnectionLoss(name, message, code)) {
    return write
      ? ['RB_OUTCOME_UNKNOWN', 'the connection was lost before the answer came']
      : ['RB_UNAVAILABLE', 'the connection was lost before the answer came'];
  }
  return ['RB_STORE', `${code || name || 'an unexpected error'}; see the cause`];
}

function replyMeaning(message: string): Meaning {
  // Before Redis 7 a script's error has the command's own inside.
  const word = REPLY_WORD.exec(message)?.[1];
  const known = word === undefined ? undefined : REPLIES[word];
  if (known) return known;
  if (/string exceeds maximum allowed size|invalid bulk length|Query buffer/i.test(message)) {
    return ['RB_TOO_LARGE', 'the value is larger than the server takes (proto-max-bulk-len, 512 MB by default)'];
  }
  if (/unknown command|syntax error/i.test(message)) {
    return ['RB_UNSUPPORTED', 'the server does not know the command; Redis 6.2 or Valkey 7.2 is the oldest that does'];
  }
  return ['RB_STORE', 'the server answered with an error that was not foreseen; see the cause'];
}

/** Of a Cluster that could not be asked for its slots: what the last of its nodes said. */
const ofNode = (error: unknown): unknown =>
  (error as { readonly lastNodeError?: unknown } | undefined)?.lastNodeError ?? error;

/** System errors of sockets, TLS and name look-ups, and what ioredis says when a connection ends. */
const isConnectionLoss = (name: string, message: string, code: string): boolean =>
  /^(E[A-Z]+|ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(code) ||
  /^(AbortError|MaxRetriesPerRequestError|ClusterAllFailedError)$/.test(name) ||
  /Connection is closed|Command timed out|Socket timeout|Connection is discarded|None of startup nodes|sentinels are unreachable|connect ETIMEDOUT|Cluster is/i.test(
    message,
  );

export interface Described {
  readonly name: string;
  readonly message: string;
  readonly code: string;
}

export function described(cause: unknown): Described {
  const { name, message, code } = (cause ?? {}) as { name?: unknown; message?: unknown; code?: unknown };
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return { name: text(name), message: text(message), code: text(code) };
}

/** ioredis hangs the command on its errors, with the value that was to be stored and the password of AUTH. */
function withoutCommand(cause: unknown): unknown {
  if (typeof cause !== 'object' || cause === null || !('command' in cause)) return cause;
  const { name, message, code } = described(cause);
  const bare = new Error(message);
  bare.name = name;
  if (code) Object.assign(bare, { code });
  return bare;
}
