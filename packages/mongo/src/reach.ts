import { setTimeout as delay } from 'node:timers/promises';

/** Pauses between attempts to reach a server: doubled from the first up to the last, each shortened by up to a half at random. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 1_000;

/** Whether the server is there, as far as is known. */
export interface Reach {
  /** Resolves at once while it is; else once it answers. All who ask at once wait for one attempt. Errors: the driver's. */
  reached(): Promise<void> | undefined;
  /** It was not. The next who asks tries at once, and then ever more rarely. */
  lost(): void;
}

/**
 * The driver itself would try to connect once for each call of an outage, and a client whose first attempt failed would never
 * try again.
 *
 * @param attempt Asks the server for a sign of life.
 */
export function reachOf(attempt: () => Promise<unknown>, closing: AbortSignal): Reach {
  let isReached = false;
  let failures = 0;
  let notBefore = 0;
  let trying: Promise<void> | undefined;

  const tryOnce = async (): Promise<void> => {
    await delay(Math.max(0, notBefore - performance.now()), undefined, { signal: closing });
    try {
      await attempt();
      isReached = true;
      failures = 0;
      notBefore = 0;
    } catch (error) {
      const pause = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
      notBefore = performance.now() + pause * (1 - Math.random() / 2);
      failures += 1;
      throw error;
    }
  };

  return {
    reached() {
      if (isReached) return undefined;
      trying ??= tryOnce().finally(() => {
        trying = undefined;
      });
      return trying;
    },
    lost() {
      isReached = false;
    },
  };
}
