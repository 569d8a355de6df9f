import { setTimeout as delay } from 'node:timers/promises';
import { connecting } from '../connecting.js';
import { spareOf } from '../spare.js';
import type { PgClient, PgPool } from './driver.js';
import { isConnectionLoss } from './errors.js';

export interface ClientsOptions {
  readonly pool: PgPool;
  readonly connect: () => Promise<PgClient>;
  /** Whether the pool is ours: it ends with the clients. */
  readonly owned: boolean;
  /** Connections beyond it are closed as soon as they are free. */
  readonly poolSize: number;
  /** What is asked on a new connection, before anything else. */
  readonly greet: (client: PgClient) => Promise<unknown>;
  readonly ping: (client: PgClient) => Promise<unknown>;
}

/** Connections of a pool that answered a moment ago. */
export interface Clients {
  /** Errors: the driver's; RB_ABORTED once it is closed. */
  take(doing: string): PgClient | Promise<PgClient>;
  /** @param lost Whether it is of no more use. */
  give(client: PgClient, lost: boolean): void;
  close(): Promise<void>;
}

/** A connection that rested for longer is asked whether it is still there, before a write trusts it. */
const PING_AFTER_MS = 1_000;
/** As many stale connections as a pool may have kept over a restart of the server, and then some. */
const STALE = 100;
/** New connections that are lost before anything was asked: who is killed twice is not wanted. */
const STILLBORN = 1;
/** How long what is under way has to end, once the store is closed. */
const GRACE_MS = 1_000;

export function clientsOf({ pool, owned, poolSize, greet, ping, ...options }: ClientsOptions): Clients {
  const usedAt = new WeakMap<PgClient, number>();
  const closing = new AbortController();
  const connect = connecting(options.connect, closing.signal);
  const open = new Set<PgClient>();
  // A connection of the pool that ends while nobody uses it is replaced by the pool; unheard, its error ends the process.
  const ignore = (): void => undefined;
  pool.on('error', ignore);
  if (owned) {
    pool.on('connect', (client) => open.add(client));
    pool.on('remove', (client) => open.delete(client));
  }

  const acquire = async (doing: string): Promise<PgClient> => {
    let [stale, stillborn] = [STALE, STILLBORN];
    for (;;) {
      const client = await connect(doing);
      const last = usedAt.get(client);
      if (last === undefined) client.on('error', ignore);
      else if (performance.now() - last <= PING_AFTER_MS) return client;
      try {
        await (last === undefined ? greet(client) : ping(client));
        return client;
      } catch (error) {
        client.release(true);
        const left = last === undefined ? stillborn-- : stale--;
        if (left === 0 || (last === undefined && !isConnectionLoss(error))) throw error;
      }
    }
  };

  const release = (client: PgClient, lost: boolean): void => {
    const surplus = pool.totalCount > poolSize && pool.waitingCount === 0;
    client.release(lost || surplus);
  };

  const spare = spareOf((client: PgClient) => release(client, false));

  return {
    take: (doing) => spare.take() ?? acquire(doing),
    give(client, lost) {
      usedAt.set(client, performance.now());
      if (lost || pool.waitingCount > 0 || !spare.keep(client)) release(client, lost);
    },
    async close() {
      closing.abort();
      if (!owned) {
        pool.off('error', ignore);
        return;
      }
      const ended = pool.end();
      await Promise.race([ended, delay(GRACE_MS, undefined, { ref: false })]);
      // What answers nothing any more says no good-bye either.
      for (const client of open) client.connection.stream.destroy();
    },
  };
}
