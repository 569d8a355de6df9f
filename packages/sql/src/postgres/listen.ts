import { setTimeout as delay } from 'node:timers/promises';
import type { Listener } from '../watch.js';
import { toResultError } from './errors.js';
import type { OpenConnection } from './pool.js';

/** Pauses between attempts to connect: doubled from the first up to the last, each shortened by up to a half at random. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;

export interface ListenOptions {
  readonly connection: OpenConnection;
  readonly channel: string;
  /** With the ids that were written; without any where they were too many for one notification. */
  readonly told: (taskIds?: readonly string[]) => void;
  readonly onBackgroundError?: ((error: unknown) => void) | undefined;
}

/**
 * LISTEN on one connection of its own, from the first watcher on. It only makes watching faster: what is missed while it
 * is not connected, the poll finds.
 */
export function listener({ connection, channel, told, onBackgroundError = () => undefined }: ListenOptions): Listener {
  let stopping = new AbortController();
  let started: Promise<void> | undefined;

  const listenOnce = async (signal: AbortSignal, onLive: () => void): Promise<void> => {
    const client = connection.open();
    const ended = new Promise<void>((resolve) => {
      client.on('end', resolve);
      client.on('error', resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    client.on('notification', ({ payload }) => told(payload ? (JSON.parse(payload) as string[]) : undefined));
    try {
      await Promise.race([client.connect(), ended]);
      if (signal.aborted) return;
      await client.query(`LISTEN "${channel}"`);
      onLive();
      // Whatever was written before it was heard.
      told();
      await ended;
    } finally {
      client.connection.stream.destroy();
    }
  };

  const run = async (signal: AbortSignal, onTried: () => void): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      await listenOnce(signal, () => {
        failures = 0;
        onTried();
      }).catch((error: unknown) => {
        connection.failed(error);
        onBackgroundError(toResultError(error, { doing: 'listening', server: connection.name, mayHaveLanded: false }));
      });
      onTried();
      const pause = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (1 - Math.random() / 2);
      failures += 1;
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };

  return {
    start() {
      started ??= new Promise((resolve) => {
        stopping = new AbortController();
        void run(stopping.signal, resolve);
      });
      return started;
    },
    stop() {
      started = undefined;
      stopping.abort();
    },
  };
}
