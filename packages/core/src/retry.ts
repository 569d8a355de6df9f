import { sleep } from './abort.js';
import { isResultError, type ResultError } from './errors.js';
import { describe } from './expect.js';

export interface RetryOptions {
  /** Calls in all, the first included. @default 12, which take some 6 s with the default pauses: a server's restart */
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

export interface RetriedCall<T> {
  /** For messages. */
  readonly doing: string;
  readonly run: () => Promise<T>;
  readonly signal?: AbortSignal | undefined;
  /** @default what the error itself says */
  readonly mayRepeat?: ((error: ResultError) => boolean) | undefined;
}

/**
 * Repeats what failed with a retryable error: reads, and writes, which are idempotent by contract.
 *
 * Errors: the last one, when attempts or time are used up; anything not retryable at once; RB_ABORTED during a pause.
 */
export async function withRetry<T>(options: RetryOptions | false, call: RetriedCall<T>): Promise<T> {
  const { doing, run, signal, mayRepeat = (error) => error.retryable } = call;
  if (options === false) return run();
  const { attempts = 12, baseMs = 50, maxMs = 2_000, deadlineMs = 10_000, onRetry } = options;
  const deadline = performance.now() + deadlineMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      // Full jitter: clients that failed together do not come back together.
      const pauseMs = Math.random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
      const again = isResultError(error) && mayRepeat(error) && attempt < attempts;
      if (!again || performance.now() + pauseMs > deadline) throw error;
      onRetry?.({ doing, attempt, pauseMs, error });
      await sleep(pauseMs, signal, doing);
    }
  }
}

/** Errors: TypeError where the options are not what `RetryOptions` says. */
export function checkRetry(options: unknown): asserts options is RetryOptions | false {
  if (options === false) return;
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`expected retry as options or false, got ${describe(options)}`);
  }
  const { attempts = 1, onRetry, ...pauses } = options as Record<string, unknown>;
  if (!(Number.isInteger(attempts) && (attempts as number) >= 1)) {
    throw new TypeError(`expected retry.attempts as an integer from 1 up, got ${describe(attempts)}`);
  }
  if (onRetry !== undefined && typeof onRetry !== 'function') {
    throw new TypeError(`expected a function as retry.onRetry, got ${describe(onRetry)}`);
  }
  for (const key of ['baseMs', 'maxMs', 'deadlineMs']) {
    const ms = pauses[key] ?? 0;
    if (!(typeof ms === 'number' && ms >= 0)) {
      throw new TypeError(`expected retry.${key} as milliseconds from 0 up, got ${describe(ms)}`);
    }
  }
}
