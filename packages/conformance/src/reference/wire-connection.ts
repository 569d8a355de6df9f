import { connect } from 'node:net';
import { ResultError } from '@rb/core';
import { onMessages, send } from './wire-lines.js';
import type { Answer } from './wire-records.js';
import type { Message } from './wire-server.js';

export interface WireAddress {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly place: string;
}

/** One connection: a request goes out as a line, its answer comes back under the same number. */
export interface WireConnection {
  /** Errors: the server's as ResultError; RB_UNAVAILABLE where the connection is gone; `Lost` where it went meanwhile. */
  request(operation: string, args: unknown): Promise<unknown>;
  /** Resolves when it is gone and its socket closed. */
  readonly lost: Promise<void>;
}

/** The connection died between a request and its answer. */
class Lost extends Error {
  override readonly name = 'Lost';
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * A peer that is silent for so many ticks is gone. Ticks and not time: after a long turn of a busy event loop one tick
 * passes, while what the peer sent meanwhile still waits to be read.
 */
const TICK_MS = 100;
const MAX_SILENT_TICKS = 5;

/** Resolves when the server has let it in. @param signal Ends it, whatever it is doing. */
export async function openConnection(
  { host, port, password, place }: WireAddress,
  told: (answer: Answer) => void,
  signal: AbortSignal,
): Promise<WireConnection> {
  const socket = connect({ host, port, noDelay: true, signal });
  const waiting = new Map<number, Waiting>();
  let requests = 0;
  let silentTicks = 0;
  let cause: Error | undefined;

  const keepAlive = setInterval(() => {
    silentTicks += 1;
    if (silentTicks === 1) send(socket, { id: 0, operation: 'ping' });
    if (silentTicks > MAX_SILENT_TICKS) socket.destroy(new Error(`silent for ${TICK_MS * MAX_SILENT_TICKS} ms`));
  }, TICK_MS);
  onMessages<Message>(socket, (message) => {
    silentTicks = 0;
    if ('told' in message) {
      told(message.told);
      return;
    }
    const { id, value, error } = message;
    // Of a request that was aborted there is nobody left to answer.
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error) asked?.reject(new ResultError(error.code, error.message, error));
    else asked?.resolve(value);
  });
  socket.on('error', (error) => {
    cause = error;
  });
  const lost = new Promise<void>((resolve) => {
    socket.on('close', () => {
      clearInterval(keepAlive);
      for (const { reject } of waiting.values()) reject(new Lost('the connection was lost', { cause }));
      waiting.clear();
      resolve();
    });
  });
  // A server that hangs up has no more to say, and nothing is sent to it.
  socket.on('end', () => socket.destroy());

  const connection: WireConnection = {
    request: (operation, args) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) throw new ResultError('RB_UNAVAILABLE', 'the connection is gone; nothing was sent');
        requests += 1;
        waiting.set(requests, { resolve, reject });
        send(socket, { id: requests, operation, args });
      }),
    lost,
  };
  try {
    await connection.request('hello', { password, place });
    return connection;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
