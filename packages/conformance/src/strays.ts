import process from 'node:process';
import { show } from './evidence.js';

/** What happened beside every awaited promise while it was listened to. */
export interface Strays {
  readonly seen: readonly string[];
  /** Waits for what is late: rejections are told a turn of the event loop after they happen, warnings one more. */
  settle(): Promise<void>;
  stop(): void;
}

/** Long enough for a timer of a few milliseconds that a closed store left behind; there are some 150 clauses to a run. */
const SETTLE_MS = 5;

/** Listens for unhandled rejections, uncaught exceptions and process warnings. */
export function collectStrays(): Strays {
  const seen: string[] = [];
  const listeners = {
    unhandledRejection: (reason: unknown) => seen.push(`an unhandled rejection: ${show(reason)}`),
    uncaughtException: (error: unknown) => seen.push(`an uncaught exception: ${show(error)}`),
    // What Node or a loader says of its own experiments is not the store's doing.
    warning: (warning: Error) =>
      warning.name === 'ExperimentalWarning' || seen.push(`a process warning: ${warning.name}: ${warning.message}`),
  } as const;
  for (const [event, listener] of Object.entries(listeners)) process.on(event, listener);
  return {
    seen,
    settle: () => new Promise((resolve) => setTimeout(() => setImmediate(resolve), SETTLE_MS)),
    stop() {
      for (const [event, listener] of Object.entries(listeners)) process.off(event, listener);
    },
  };
}
