import { ResultError } from './errors.js';

/** One listener per signal however many calls share it: a million calls on one signal leave no trace and no warning. */
const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `listener` once when the signal aborts; the returned function takes that back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  let all = listeners.get(signal);
  if (all === undefined) {
    const created = new Set<() => void>();
    const fire = (): void => {
      listeners.delete(signal);
      for (const each of created) each();
    };
    signal.addEventListener('abort', fire, { once: true });
    listeners.set(signal, created);
    releases.set(created, () => {
      signal.removeEventListener('abort', fire);
      listeners.delete(signal);
    });
    all = created;
  }
  const own = all;
  own.add(listener);
  return () => {
    if (own.delete(listener) && own.size === 0) releases.get(own)?.();
  };
}

const releases = new WeakMap<Set<() => void>, () => void>();

export const abortError = (signal: AbortSignal, doing: string): ResultError =>
  new ResultError('RB_ABORTED', `${doing} was aborted`, { cause: signal.reason });

/** Errors: RB_ABORTED where the signal is aborted already. */
export function throwIfAborted(signal: AbortSignal | undefined, doing: string): void {
  if (signal?.aborted) throw abortError(signal, doing);
}

/** Resolves after `ms`. Errors: RB_ABORTED as soon as the signal aborts. */
export const sleep = (ms: number, signal: AbortSignal | undefined, doing: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const release = signal && onAbort(signal, () => end(() => reject(abortError(signal, doing))));
    const timer = setTimeout(() => end(resolve), ms);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      release?.();
      settle();
    };
  });
