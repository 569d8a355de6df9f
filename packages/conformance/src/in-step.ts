import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than the clocks of a machine's processes and their timers are apart. */
const SLOT_MS = 8;

/**
 * Begins one visit per slot of time, whose place in the list the clock tells: processes that go through the same list
 * are at the same item at the same time, whenever each of them started.
 *
 * Shape: one result per item, same order.
 */
export async function inStep<T, R>(items: readonly T[], visit: (item: T) => Promise<R>): Promise<readonly R[]> {
  const visits = new Map<number, Promise<R>>();
  while (visits.size < items.length) {
    // One look: by the second the slot may have begun, and Node warns of pauses below zero.
    const now = Date.now();
    const slot = Math.floor(now / SLOT_MS) + 1;
    await sleep(slot * SLOT_MS - now);
    const at = slot % items.length;
    // What a slow turn of the event loop skipped comes up again in the next round of the clock.
    if (visits.has(at)) continue;
    const visiting = visit(items[at] as T);
    // Whoever fails is told at the end.
    visiting.catch(() => {});
    visits.set(at, visiting);
  }
  return Promise.all(items.map((_, at) => visits.get(at) as Promise<R>));
}
