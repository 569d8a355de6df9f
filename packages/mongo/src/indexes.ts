import type { Client } from './client.js';

/**
 * Makes what the store has no need of, but its server: an index on the deadline, by which MongoDB removes what has expired, and
 * Celery's own on the date. Where they are there, nothing happens.
 *
 * @returns To be called when something was stored, which makes the collection. It never throws, and nobody waits for it.
 */
export function indexesOf({ tasks, groups, calls }: Client, onError: (error: unknown) => void): () => void {
  let isBegun = false;

  const make = async (): Promise<void> => {
    for (const collection of [tasks, groups])
      await collection.createIndexes([{ key: { date_done: 1 } }, { key: { rb_expires_at: 1 }, expireAfterSeconds: 0 }]);
  };

  return () => {
    // Once, also where it failed: whoever may not do it may not do it later, and the next process tries again.
    if (isBegun) return;
    isBegun = true;
    calls.run({ doing: 'making indexes', write: false }, make).catch(onError);
  };
}
