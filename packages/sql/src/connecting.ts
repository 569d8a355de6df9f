import { setTimeout as delay } from 'node:timers/promises';
import { abortable, backoff } from '@rb/core';

/**
 * Connections of a pool, whatever the driver. After a failed attempt all callers wait for one trial, which comes after a growing
 * pause: a server that comes back is not met by a storm.
 *
 * @param connect Asks the pool for a connection.
 * @param closing Ends all waiting for a trial.
 */
export function attempts<C extends { release(): void }>(
  connect: () => Promise<C>,
  closing: AbortSignal,
): () => Promise<C> {
  const pauses = backoff();
  let trial: Promise<void> | undefined;

  const take = async (): Promise<C> => {
    try {
      const client = await connect();
      pauses.succeeded();
      return client;
    } catch (error) {
      // Of those that failed at once the first one counts.
      if (pauses.leftMs() === 0) pauses.failed();
      throw error;
    }
  };

  const tried = (): Promise<void> => {
    trial ??= (async () => {
      await delay(pauses.leftMs(), undefined, { signal: closing });
      (await take()).release();
    })().finally(() => {
      trial = undefined;
    });
    return trial;
  };

  return () => (pauses.failures > 0 ? tried().then(take) : take());
}

/** The same for callers that are to be told at once when it closes: what comes too late for them is given back. */
export function connecting<C extends { release(): void }>(
  connect: () => Promise<C>,
  closing: AbortSignal,
): (doing: string) => Promise<C> {
  const attempt = attempts(connect, closing);
  return async (doing) => {
    let left = false;
    const taken = attempt().then((client) => {
      // Nobody waits for it any more.
      if (left) client.release();
      return client;
    });
    try {
      return await abortable(taken, closing, doing);
    } catch (error) {
      left = true;
      throw error;
    }
  };
}
