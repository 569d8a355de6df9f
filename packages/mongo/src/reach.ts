import { setTimeout as delay } from 'node:timers/promises';
import { backoff } from '@rb/core';

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
  const pauses = backoff();
  let isReached = false;
  let trying: Promise<void> | undefined;

  const tryOnce = async (): Promise<void> => {
    await delay(pauses.leftMs(), undefined, { signal: closing });
    try {
      await attempt();
      isReached = true;
      pauses.succeeded();
    } catch (error) {
      pauses.failed();
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
