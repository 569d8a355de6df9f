import { sleep, throwIfAborted } from './abort.js';
import { isResultError, type ResultError } from './errors.js';

export interface RetryOptions {
  /** Calls in all, the first included. @default 6 */
  readonly attempts?: number | undefined;
  /** The first pause is at most this; each further one may be twice as long. @default 50 */
  readonly baseMs?: number | undefined;
  /** No pause is longer. @default 2000 */
  readonly maxMs?: number | undefined;
  /** No retry begins later than this after the first call. @default 10_000 */
  readonly deadlineMs?: number | undefined;
  /** Told before each pause. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

export interface RetryEvent {
  /** What is being retried, such as `put of 3 records`. */
  readonly doing: string;
  /** Calls made so far. */
  readonly attempt: number;
  readonly pauseMs: number;
  readonly error: ResultError;
}

/**
 * Repeats what failed with a retryable error: reads, and writes, which are idempotent by contract.
 *
 * Errors: the last one, when attempts or time are used up; anything not retryable at once.
 */
export async function withRetry<T>(
  options: RetryOptions | false,
  doing: string,
  call: (attempt: number) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (options === false) return call(1);
  const { attempts = 6, baseMs = 50, maxMs = 2_000, deadlineMs = 10_000, onRetry } = options;
  const deadline = performance.now() + deadlineMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call(attempt);
    } catch (error) {
      // Full jitter: clients that failed together do not come back together.
      const pauseMs = Math.random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
      const again = isResultError(error) && error.retryable && attempt < attempts;
      if (!again || performance.now() + pauseMs > deadline) throw error;
      onRetry?.({ doing, attempt, pauseMs, error });
      await sleep(pauseMs, signal, doing);
      throwIfAborted(signal, doing);
    }
  }
}
