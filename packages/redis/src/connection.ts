import { setTimeout as sleep } from 'node:timers/promises';
import { abortable, backoff, ResultError, throwIfAborted } from '@rb/core';
import type { Cluster, Redis } from 'ioredis';
import { accessOf } from './access.js';
import { connected } from './connecting.js';
import { described, type ErrorContext, toResultError } from './errors.js';
import type { Credentials } from './options.js';
import type { Host } from './url.js';

export type Client = Redis | Cluster;

export interface ConnectionOptions {
  /** Where, without credentials: for messages. */
  readonly server: string;
  readonly connectTimeoutMs: number;
  /** Calls that may wait for a connection at once. */
  readonly maxWaiting: number;
  readonly credentials?: Credentials | undefined;
  /** Where to connect, asked before every attempt; by default where the client was made for. */
  readonly place?: (() => Promise<Host>) | undefined;
  /** The client belongs to the caller: it is neither connected nor closed here. */
  readonly borrowed: boolean;
}

export interface Connection {
  readonly client: Client;
  /**
   * Runs the work on a live connection.
   *
   * Errors: RB_UNAVAILABLE where there is none (nothing was sent); RB_OUTCOME_UNKNOWN for a write that lost its answer;
   * RB_ABORTED, RB_CLOSED.
   */
  run<T>(
    call: { readonly doing: string; readonly write: boolean; readonly signal?: AbortSignal | undefined },
    work: (client: Client) => Promise<T>,
  ): Promise<T>;
  /** Resolves once connected. Errors: as `run`. */
  ready(doing: string): Promise<void>;
  /** Ends the connection, so that the next call makes a new one. */
  drop(): void;
  close(): Promise<void>;
  readonly closed: boolean;
}

/**
 * One client whose reconnecting is done here and not by ioredis, so that a call knows whether it was sent, attempts stay
 * bounded, and credentials may change between them.
 */
export function openConnection(client: Client, options: ConnectionOptions): Connection {
  const { server, connectTimeoutMs, maxWaiting, credentials, place, borrowed } = options;
  const access = credentials && !borrowed ? accessOf(client, credentials) : undefined;
  let closed = false;
  let connecting: Promise<void> | undefined;
  const pauses = backoff();
  let waiting = 0;
  /** What the connection complained of: connect() itself only says that it was closed. */
  let complaint: unknown;
  client.on('error', (error: unknown) => {
    // The first one: what follows is about a connection that is being given up.
    complaint ??= error;
  });
  client.on('node error', (error: unknown) => {
    complaint = error;
  });

  const errorOf = (cause: unknown, context: Omit<ErrorContext, 'server'>): ResultError =>
    toResultError(cause, { ...context, server });

  async function attempt(): Promise<void> {
    const pause = pauses.leftMs();
    if (pause > 0) await sleep(pause);
    if (closed) throw closedError(server);
    complaint = undefined;
    try {
      if (place) Object.assign(client.options, await place());
      if (access) await access.renew();
      // It was not under way yet when it was closed: nobody else would end it.
      if (closed) throw closedError(server);
      await connected(client, connectTimeoutMs);
      pauses.succeeded();
    } catch (error) {
      pauses.failed();
      throw complaint ?? error;
    }
  }

  const connect = (): Promise<void> => {
    connecting ??= attempt().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };

  const drop = (): void => {
    if (!borrowed) client.disconnect();
  };

  async function ready(doing: string): Promise<void> {
    if (closed) throw closedError(server);
    if (client.status === 'ready') return;
    if (waiting >= maxWaiting) {
      throw new ResultError(
        'RB_UNAVAILABLE',
        `${doing} failed on ${server}: ${waiting} calls wait for a connection already; nothing was sent`,
      );
    }
    waiting += 1;
    try {
      await connect();
    } catch (cause) {
      // Whatever it was, nothing was sent; what the server refused for good keeps its own code.
      const error = errorOf(cause, { doing, write: false });
      if (error.code === 'RB_DENIED' || error.code === 'RB_CLOSED') throw error;
      const { message, code } = described(cause);
      throw new ResultError(
        'RB_UNAVAILABLE',
        `${doing} failed: no connection to ${server} (${code || message.slice(0, 80)}); nothing was sent`,
        { cause: error.cause ?? error },
      );
    } finally {
      waiting -= 1;
    }
    if (closed) throw closedError(server);
  }

  return {
    client,
    ready,
    get closed() {
      return closed;
    },
    async run({ doing, write, signal }, work) {
      if (closed) throw closedError(server);
      throwIfAborted(signal, doing);
      const whole = async (): Promise<Awaited<ReturnType<typeof work>>> => {
        await ready(doing);
        await access?.renewed;
        // It may have been aborted while the connection was made: then it must have no effect.
        throwIfAborted(signal, doing);
        try {
          return await work(client);
        } catch (cause) {
          if (closed) throw closedError(server);
          const error = errorOf(cause, { doing, write });
          // The master is another one by now: to connect again asks the Sentinels, or the name server, who.
          if (described(error.cause).message.startsWith('READONLY')) drop();
          throw error;
        }
      };
      return abortable(whole(), signal, doing);
    },
    drop,
    async close() {
      if (closed) return;
      closed = true;
      if (borrowed || client.status === 'wait' || client.status === 'end') return;
      // What is under way is answered first; a server that does not answer is not waited for.
      if (client.status === 'ready')
        await Promise.race([client.quit().catch(() => {}), sleep(QUIT_MS, undefined, { ref: false })]);
      client.disconnect();
    },
  };
}

/** A round trip to a server far away takes less; one that hangs would keep a process from exiting. */
const QUIT_MS = 500;

const closedError = (server: string): ResultError => new ResultError('RB_CLOSED', `the store on ${server} is closed`);
