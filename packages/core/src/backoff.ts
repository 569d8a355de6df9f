/** Pauses between attempts: doubled from the first up to the last, each shortened by up to a half at random. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 1_000;

/** When a server that was not there may be tried again, so that one that comes back is not met by a storm. */
export interface Backoff {
  /** Attempts that failed since the last one that did not. */
  readonly failures: number;
  /** Milliseconds until the next attempt; 0 where it may be made now. */
  leftMs(): number;
  failed(): void;
  succeeded(): void;
}

export function backoff(): Backoff {
  let failures = 0;
  let notBefore = 0;
  return {
    get failures() {
      return failures;
    },
    leftMs: () => Math.max(0, notBefore - performance.now()),
    failed() {
      const pause = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
      notBefore = performance.now() + pause * (1 - Math.random() / 2);
      failures += 1;
    },
    succeeded() {
      failures = 0;
    },
  };
}
