import { sleep } from './abort.js';
import type { CallOptions, ResultStore } from './contract.js';
import { describe } from './expect.js';
import type { StoreCalls } from './store-calls.js';

export interface CleanupOptions extends CallOptions {
  /** Records and groups removed by one call of the store, at most. @default 1000 */
  readonly batchSize?: number | undefined;
  /** Between two calls of the store, so that others have it meanwhile. @default 0 */
  readonly pauseMs?: number | undefined;
  /** Called after each with how many were removed so far. */
  readonly onProgress?: ((removed: number) => void) | undefined;
}

/** Errors: TypeError. */
export function checkCleanup({ batchSize = 1, pauseMs = 0, onProgress }: CleanupOptions): void {
  if (!(Number.isInteger(batchSize) && batchSize > 0))
    throw new TypeError(`expected batchSize as an integer from 1 up, got ${describe(batchSize)}`);
  if (!(Number.isFinite(pauseMs) && pauseMs >= 0))
    throw new TypeError(`expected pauseMs as milliseconds from 0 up, got ${describe(pauseMs)}`);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw new TypeError(`expected a function as onProgress, got ${describe(onProgress)}`);
}

/** By one sweep after the other; how many records and groups are gone. */
export async function removeExpired(
  { expiry }: ResultStore,
  calls: StoreCalls,
  { signal, batchSize = 1_000, pauseMs = 0, onProgress }: CleanupOptions,
): Promise<number> {
  const sweep = expiry?.sweep;
  if (sweep === undefined) return 0;
  for (let total = 0; ; ) {
    const removed = await calls.call({ doing: 'the sweep', run: () => sweep(batchSize, { signal }), signal });
    // Not until fewer than asked for: a store may skip what others have locked.
    if (removed === 0) return total;
    total += removed;
    onProgress?.(total);
    if (pauseMs > 0) await sleep(pauseMs, signal, 'the cleanup');
  }
}
