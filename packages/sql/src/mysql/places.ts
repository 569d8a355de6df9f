/** As many at once as a pool has connections. */
export interface Places {
  /** Resolves when one is free, in the order of asking; undefined where one is. Errors: what `refuse` is given; `late()` after so long. */
  take(timeoutMs: number, late: () => Error): Promise<void> | undefined;
  /** Whoever took one gives it back. */
  free(): void;
  /** Whether anybody waits. */
  isWanted(): boolean;
  /** Rejects all who wait. */
  refuse(error: unknown): void;
}

interface Waiting {
  readonly enter: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Who waits for a connection waits here and not in the driver's pool: that would try to connect once for each of them while
 * a server is away, and would not let go of whoever has waited long enough.
 */
export function places(size: number): Places {
  const queue = new Set<Waiting>();
  let taken = 0;

  return {
    take(timeoutMs, late) {
      if (taken < size) {
        taken += 1;
        return undefined;
      }
      return new Promise((resolve, reject) => {
        const leave = (settle: () => void): void => {
          clearTimeout(timer);
          queue.delete(waiting);
          settle();
        };
        const waiting: Waiting = {
          enter: () => leave(resolve),
          reject: (error) => leave(() => reject(error)),
        };
        const timer = setTimeout(() => waiting.reject(late()), Math.max(0, timeoutMs));
        queue.add(waiting);
      });
    },
    free() {
      const [next] = queue;
      if (next === undefined) taken -= 1;
      else next.enter();
    },
    isWanted: () => queue.size > 0,
    refuse(error) {
      for (const waiting of queue) waiting.reject(error);
    },
  };
}
