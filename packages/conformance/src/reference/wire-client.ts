import { setTimeout as sleep } from 'node:timers/promises';
import { abortable, isResultError, ResultError, throwIfAborted } from '@rb/core';
import { openConnection, type WireAddress, type WireConnection } from './wire-connection.js';
import type { Answer } from './wire-records.js';

export interface WireCall {
  /** For messages: `the put`. */
  readonly doing: string;
  readonly write?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What a store does with a client of its own or of its caller's. */
interface WireListener {
  told(answer: Answer): void;
  /** On each new connection, before any other request. */
  connected(connection: WireConnection): Promise<void>;
  /** Whether the connection is to be had again although nobody asks for it. */
  needed(): boolean;
}

/** The driver: one connection at a time, made on first use and again after a loss. */
export interface WireClient {
  /**
   * Errors: RB_UNAVAILABLE where nothing was sent, or a read was cut; RB_OUTCOME_UNKNOWN for a write that was cut; what
   * the server says; RB_ABORTED, RB_CLOSED.
   */
  request(operation: string, args: unknown, call: WireCall): Promise<unknown>;
  /** Sends where there is a connection, and asks for no answer. */
  tell(operation: string, args: unknown): void;
  /** The returned function takes it back. */
  listen(listener: WireListener): () => void;
  close(): Promise<void>;
}

/** Before the next attempt to connect: doubled from the first up to the last, and up to a half of it less at random. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 500;

export function wireClient(address: WireAddress): WireClient {
  const server = `${address.host}:${address.port}`;
  const listeners = new Set<WireListener>();
  const ending = new AbortController();
  let current: WireConnection | undefined;
  let connecting: Promise<WireConnection> | undefined;
  let failures = 0;
  let notBefore = 0;

  const tellAll = (answer: Answer): void => {
    for (const listener of listeners) listener.told(answer);
  };
  const throwIfClosed = (): void => {
    if (ending.signal.aborted) throw new ResultError('RB_CLOSED', `the connection to ${server} is closed`);
  };

  async function attempt(): Promise<WireConnection> {
    await sleep(Math.max(0, notBefore - performance.now()), undefined, { signal: ending.signal }).catch(throwIfClosed);
    try {
      const opened = await openConnection(address, tellAll, ending.signal);
      for (const listener of listeners) await listener.connected(opened);
      current = opened;
      failures = 0;
      void opened.lost.then(onLost);
      return opened;
    } catch (cause) {
      throwIfClosed();
      failures += 1;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LAST_PAUSE_MS);
      notBefore = performance.now() + pauseMs * (0.5 + Math.random() / 2);
      if (isResultError(cause)) throw cause;
      throw new ResultError('RB_UNAVAILABLE', `no connection to ${server}; nothing was sent`, { cause });
    }
  }

  /** One attempt for all who ask meanwhile; a failed one is not remembered. */
  async function connected(): Promise<WireConnection> {
    throwIfClosed();
    if (current) return current;
    connecting ??= attempt().finally(() => {
      connecting = undefined;
    });
    return connecting;
  }

  async function onLost(): Promise<void> {
    current = undefined;
    while (!ending.signal.aborted && !current && [...listeners].some((listener) => listener.needed())) {
      try {
        await connected();
      } catch (error) {
        // What the server refuses for good is told to whoever calls next, and not asked for again and again.
        if (!(isResultError(error) && error.retryable)) return;
      }
    }
  }

  async function requestNow(operation: string, args: unknown, call: WireCall): Promise<unknown> {
    const connection = await connected();
    throwIfClosed();
    // Aborted while the connection was made: it must have no effect.
    throwIfAborted(call.signal, call.doing);
    try {
      return await connection.request(operation, args);
    } catch (cause) {
      if (isResultError(cause)) throw cause;
      throwIfClosed();
      const code = call.write ? 'RB_OUTCOME_UNKNOWN' : 'RB_UNAVAILABLE';
      throw new ResultError(code, `${call.doing} lost its connection to ${server} before the answer came`, { cause });
    }
  }

  return {
    async request(operation, args, call) {
      throwIfClosed();
      throwIfAborted(call.signal, call.doing);
      return abortable(requestNow(operation, args, call), call.signal, call.doing);
    },
    tell(operation, args) {
      current?.request(operation, args).catch(() => {});
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      ending.abort();
      await connecting?.catch(() => {});
      await current?.lost;
    },
  };
}
