import { setTimeout as delay } from 'node:timers/promises';
import type { Listener, Told } from '../watch-source.js';
import type { PgConnection } from './driver.js';
import { toResultError } from './errors.js';
import { channelOf, hear, SECRET_CHANNEL } from './notifications.js';
import type { OpenConnection } from './pool.js';
import type { Tables } from './tables.js';

/** Pauses between attempts to connect: doubled from the first up to the last, each shortened by up to a half at random. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;

export interface ListenOptions {
  readonly connection: OpenConnection;
  readonly tables: Tables;
  readonly told: Told;
  readonly onBackgroundError?: ((error: unknown) => void) | undefined;
}

/**
 * LISTEN on one connection of its own, from the first watcher on. It only makes watching faster: what is missed while it
 * is not connected, the poll finds.
 */
export function listener({ connection, tables, told, onBackgroundError = () => undefined }: ListenOptions): Listener {
  const failed = (error: unknown): void =>
    onBackgroundError(toResultError(error, { doing: 'listening', server: connection.name, mayHaveLanded: false }));

  let stopping = new AbortController();
  let started: Promise<void> | undefined;

  const listenOnce = async (signal: AbortSignal, onLive: () => void): Promise<void> => {
    const client = connection.open();
    const ended = new Promise<void>((resolve) => {
      client.on('end', resolve);
      client.on('error', resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    let secret: string | undefined;
    client.on('notification', ({ channel, payload }) => {
      try {
        hear(payload, channel === secret, told);
      } catch (error) {
        // Whoever may connect may notify.
        failed(error);
      }
    });
    try {
      await Promise.race([client.connect(), ended]);
      if (signal.aborted) return;
      secret = await secretOf(client, tables);
      const channels = [channelOf(tables.names.task), ...(secret === undefined ? [] : [secret])];
      await client.query(channels.map((channel) => `LISTEN "${channel}"`).join('; '));
      onLive();
      told.live();
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
        failed(error);
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

/** Undefined where there is none, or none for this role. */
async function secretOf(client: PgConnection, { channel: table }: Tables): Promise<string | undefined> {
  const { rows } = await client.query(`SELECT has_table_privilege(to_regclass('${table}'), 'SELECT') AS readable`);
  if (rows[0]?.readable !== true) return undefined;
  const [row] = (await client.query(`SELECT channel FROM ${table} LIMIT 1`)).rows;
  return SECRET_CHANNEL.test(String(row?.channel)) ? String(row?.channel) : undefined;
}
