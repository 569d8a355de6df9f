import { ResultError } from './errors.js';

/** One listener per signal however many calls share it: a million calls on one signal leave no trace and no warning. */
const listeners = new WeakMap<AbortSignal, Set<() => void>>();

function fire(this: AbortSignal): void {
  const all = listeners.get(this);
  listeners.delete(this);
  for (const listener of all ?? []) listener();
}

/** Calls `listener` once when the signal, not aborted yet, aborts; the returned function takes that back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const all = listeners.get(signal) ?? new Set();
  if (all.size === 0) {
    listeners.set(signal, all);
    signal.addEventListener('abort', fire, { once: true });
  }
  all.add(listener);
  return () => {
    if (!all.delete(listener) || all.size > 0) return;
    listeners.delete(signal);
    signal.removeEventListener('abort', fire);
  };
}

export const abortError = (signal: AbortSignal, doing: string): ResultError =>
  new ResultError('RB_ABORTED', `${doing} was aborted`, { cause: signal.reason });

/** Errors: RB_ABORTED where the signal is aborted already. */
export function throwIfAborted(signal: AbortSignal | undefined, doing: string): void {
  if (signal?.aborted) throw abortError(signal, doing);
}

/** Resolves after `ms`. Errors: RB_ABORTED as soon as the signal aborts, and where it is aborted already. */
export const sleep = (ms: number, signal: AbortSignal | undefined, doing: string): Promise<void> =>
  new Promise((resolve, reject) => {
    throwIfAborted(signal, doing);
    const release = signal && onAbort(signal, () => end(() => reject(abortError(signal, doing))));
    const timer = setTimeout(() => end(resolve), ms);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      release?.();
      settle();
    };
  });

/** Settles as the work does, or rejects as soon as the signal is aborted; the work itself goes on. Errors: RB_ABORTED. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, doing: string): Promise<T> {
  if (signal === undefined) return work;
  let release: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    throwIfAborted(signal, doing);
    release = onAbort(signal, () => reject(abortError(signal, doing)));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    release?.();
  }
}
