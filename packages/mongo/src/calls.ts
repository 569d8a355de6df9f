import { setTimeout as delay } from 'node:timers/promises';
import { abortable, ResultError, throwIfAborted } from '@rb/core';
import { isConflict, isOutage, toResultError } from './errors.js';
import { reachOf } from './reach.js';

interface Call {
  /** `storing 3 records` */
  readonly doing: string;
  readonly write: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** For messages: what a call is about. */
export const recordsIn = ({ length }: readonly unknown[]): string => `${length} record${length === 1 ? '' : 's'}`;

/** The calls of one store, as the driver carries them out. */
export interface Calls {
  /** Errors: RB_UNAVAILABLE (nothing was sent), RB_OUTCOME_UNKNOWN for a write that lost its answer, RB_ABORTED, RB_CLOSED. */
  run<T>(call: Call, work: () => Promise<T>): Promise<T>;
  /** Resolves once nothing is under way any more. Idempotent. */
  close(): Promise<void>;
}

/** How long what is under way has to end, once the store is closed; and then the driver. */
const GRACE_MS = 500;

/** The server did nothing of what met another writer, so it is asked again: so often. */
const CONFLICTS = 20;

export interface CallsOptions {
  /** Where, without credentials: for messages. */
  readonly server: string;
  /** Connects where need be, and asks the server for a sign of life. */
  readonly attempt: () => Promise<unknown>;
  /** Ends the client, where it is ours; `atOnce`: without a word to a server that does not answer. */
  readonly end: (atOnce: boolean) => Promise<unknown>;
}

export function callsOf({ server, attempt, end }: CallsOptions): Calls {
  const underWay = new Set<Promise<unknown>>();
  const closing = new AbortController();
  const reach = reachOf(attempt, closing.signal);
  const closedError = (doing: string): ResultError =>
    new ResultError('RB_CLOSED', `${doing} failed on ${server}: the store is closed`);

  const reached = async ({ doing, signal }: Call): Promise<void> => {
    const reaching = reach.reached();
    if (reaching === undefined) return;
    await reaching.catch((cause: unknown) => {
      throw toResultError(cause, { doing, server, write: false });
    });
    // It may have been aborted meanwhile: then it must have no effect.
    throwIfAborted(signal, doing);
  };

  const whole = async <T>(call: Call, work: () => Promise<T>): Promise<T> => {
    const { doing, write, signal } = call;
    let isSecond = false;
    for (let conflicts = 0; ; ) {
      await reached(call);
      try {
        return await work();
      } catch (cause) {
        const isAway = isOutage(cause);
        if (isAway) reach.lost();
        // What only reads may be asked again where the connection died under it, once.
        if (isAway && !write && !isSecond) isSecond = true;
        else if (isConflict(cause) && conflicts < CONFLICTS) conflicts += 1;
        else throw toResultError(cause, { doing, server, write });
      }
      if (conflicts > 0) await delay(Math.random() * conflicts * 5);
      throwIfAborted(signal, doing);
    }
  };

  const guarded = async <T>(call: Call, work: () => Promise<T>): Promise<T> => {
    const { doing, signal } = call;
    const working = whole(call, work);
    working.catch(() => {}); // It goes on where nobody waits for it any more.
    try {
      return await abortable(abortable(working, closing.signal, doing), signal, doing);
    } catch (error) {
      throw closing.signal.aborted && !signal?.aborted ? closedError(doing) : error;
    }
  };

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.race([Promise.allSettled(underWay), pause()]);
    closing.abort();
    // A server that answers nothing is not waited for.
    await Promise.race([end(false).catch(() => undefined), pause()]);
    await end(true);
  };

  return {
    async run(call, work) {
      if (closed !== undefined) throw closedError(call.doing);
      throwIfAborted(call.signal, call.doing);
      const running = guarded(call, work);
      underWay.add(running);
      try {
        return await running;
      } finally {
        underWay.delete(running);
      }
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}

const pause = (): Promise<void> => delay(GRACE_MS, undefined, { ref: false });
