import type { Harness } from './harness.js';

/** How much of everything a run takes. */
export type Profile = 'quick' | 'full' | 'soak';

/** Two budgets, never one: what must happen gets long, what must not happen is watched briefly. */
export interface Budget {
  /** Something must happen within. */
  readonly settleMs: number;
  /** Nothing may happen during. */
  readonly quietMs: number;
  /** Allowed on top of a time that a clause names, for a busy machine. */
  readonly slackMs: number;
  /** From a cut connection to a store that works again. */
  readonly recoveryMs: number;
  /** `quick`: 1; `full`: as given; `soak`: ten times that. */
  rounds(full: number): number;
}

/** Chosen for a server on the same machine; `patience` stretches them. */
export function budgetOf(
  profile: Profile,
  { patience = 1, settleMs = 2_000, quietMs = 100, recoveryMs = 5_000 }: Harness,
): Budget {
  return {
    settleMs: settleMs * patience,
    quietMs: quietMs * patience,
    slackMs: 250 * patience,
    recoveryMs: recoveryMs * patience,
    rounds: (full) => ({ quick: 1, full, soak: full * 10 })[profile],
  };
}
