import { isResultError } from '@rb/core';
import type { Handle, Link, World } from '../harness.js';

/** A handle on whose wire faults can be had. */
export interface WiredHandle extends Handle {
  readonly link: Link;
}

/** For `exposes`: two handles, closed afterwards whatever happens. */
export async function withHandles<T>(world: World, look: (a: WiredHandle, b: WiredHandle) => Promise<T>): Promise<T> {
  const handles = [await world.open(), await world.open()] as WiredHandle[];
  try {
    return await look(...(handles as [WiredHandle, WiredHandle]));
  } finally {
    for (const handle of handles) {
      await handle.link?.heal();
      await handle.store.close();
      await handle.dispose?.();
    }
  }
}

/** How a call ends: its value, or the code of its error. */
export const ending = <T>(call: Promise<T>): Promise<T | string> =>
  call.catch((error: unknown) => (isResultError(error) ? error.code : String(error)));

/** `late` where a call has not ended by then. */
export const endingWithin = <T>(ms: number, call: Promise<T>): Promise<T | string> =>
  Promise.race([ending(call), new Promise<string>((resolve) => setTimeout(() => resolve('late'), ms))]);

/** Calls until it does not fail any more: as long as a store takes to connect again. */
export async function untilWorks<T>(call: () => Promise<T>): Promise<T | string> {
  const until = performance.now() + 2_000;
  for (;;) {
    const ended = await ending(call());
    if (typeof ended !== 'string' || performance.now() > until) return ended;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
