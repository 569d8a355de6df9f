import type { PgClient, PgPool } from './driver.js';

/** What is used of a connected Client of pg. */
export type PgLoneClient = Omit<PgClient, 'release'>;

/** By client, so that all who are given the same one take turns: else a call would fall into another's transaction. */
const pools = new WeakMap<PgLoneClient, PgPool>();

/** One connection as a pool of one: whoever comes second waits. Lost, it is not replaced: it is not ours. */
export function poolOfOne(client: PgLoneClient): PgPool {
  const pool = pools.get(client) ?? open(client);
  pools.set(client, pool);
  return pool;
}

function open(client: PgLoneClient): PgPool {
  const waiting: ((client: PgClient) => void)[] = [];
  let busy = false;
  const lent: PgClient = {
    processID: client.processID,
    connection: client.connection,
    query: (query, answer) => client.query(query, answer),
    on: (event, listener) => client.on(event, listener),
    release() {
      const next = waiting.shift();
      busy = next !== undefined;
      next?.(lent);
    },
  };
  return {
    totalCount: 1,
    get waitingCount() {
      return waiting.length;
    },
    options: { max: 1 },
    connect() {
      if (busy) return new Promise((resolve) => waiting.push(resolve));
      busy = true;
      return Promise.resolve(lent);
    },
    // Its owner hears of its errors, and ends it.
    end: () => Promise.resolve(),
    on: () => undefined,
    off: () => undefined,
  };
}
