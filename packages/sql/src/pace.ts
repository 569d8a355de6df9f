/** How often to look, while somebody watches. */
export interface Pace {
  /** Until it is time to look again. Keeps no process alive. */
  rest(): Promise<void>;
  /** Something happens, or is about to: at the shortest interval again, also where a longer rest has begun. */
  hurry(): void;
  /** @param tookMs What the look took. */
  looked(tookMs: number): void;
  failed(): void;
  /** Failures in a row up to now. */
  readonly failures: number;
}

/** While nothing happens. */
const GROWTH = 1.5;
/** After an error the interval doubles, up to this. */
const MAX_PAUSE_MS = 1_000;

/** @param maxPollMs What the interval grows to while nothing happens. */
export function pace(pollMs: number, maxPollMs: number): Pace {
  let intervalMs = pollMs;
  let pauseMs = pollMs;
  let failures = 0;
  let resting: { readonly endsAt: number; readonly timer: NodeJS.Timeout; readonly end: () => void } | undefined;

  const restFor = (ms: number, end: () => void): void => {
    const timer = setTimeout(end, ms).unref();
    resting = { endsAt: performance.now() + ms, timer, end };
  };

  return {
    rest: () =>
      new Promise((resolve) => {
        restFor(pauseMs, () => {
          resting = undefined;
          resolve();
        });
      }),
    hurry() {
      intervalMs = pollMs;
      // After failures it is the server that needs the rest.
      if (failures > 0 || resting === undefined || resting.endsAt - performance.now() <= pollMs) return;
      clearTimeout(resting.timer);
      restFor(pollMs, resting.end);
    },
    looked(tookMs) {
      failures = 0;
      // At most half of the time goes into looking, however many ids are watched.
      pauseMs = Math.max(intervalMs, tookMs);
      intervalMs = Math.min(maxPollMs, intervalMs * GROWTH);
    },
    failed() {
      failures += 1;
      pauseMs = Math.min(MAX_PAUSE_MS, pollMs * 2 ** failures);
    },
    get failures() {
      return failures;
    },
  };
}
