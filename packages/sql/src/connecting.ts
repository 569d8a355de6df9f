import { setTimeout as delay } from 'node:timers/promises';
import { abortable } from '@rb/core';

/** Pauses between attempts to connect: doubled from the first up to the last, each shortened by up to a half at random. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 1_000;

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
  let failures = 0;
  let notBefore = 0;
  let trial: Promise<void> | undefined;

  const take = async (): Promise<C> => {
    try {
      const client = await connect();
      failures = 0;
      return client;
    } catch (error) {
      // Of those that failed at once the first one counts.
      if (performance.now() >= notBefore) {
        const pause = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
        notBefore = performance.now() + pause * (1 - Math.random() / 2);
        failures += 1;
      }
      throw error;
    }
  };

  const tried = (): Promise<void> => {
    trial ??= (async () => {
      await delay(Math.max(0, notBefore - performance.now()), undefined, { signal: closing });
      (await take()).release();
    })().finally(() => {
      trial = undefined;
    });
    return trial;
  };

  return () => (failures > 0 ? tried().then(take) : take());
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
