import type { Clock } from '../harness.js';

export type VirtualClock = Extract<Clock, { kind: 'virtual' }>;

/** Time that goes by when told to, from a fixed day on. */
export function virtualClock(): VirtualClock {
  // 2026-01-01: within every layout's range, and not the present, so that a store which looks at its own clock is found out.
  let now = 1_767_225_600_000;
  return {
    kind: 'virtual',
    now: () => now,
    async advance(ms) {
      now += ms;
    },
  };
}
