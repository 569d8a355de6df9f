import type { Harness } from '../harness.js';
import { rawMemory } from './raw-memory.js';
import { sharedMemory } from './shared-memory.js';
import { virtualClock } from './virtual-clock.js';

/** Small enough to be filled, so that the clauses about size run. */
const MAX_BYTES = 1.25 * 2 ** 20;

/** `memoryStore` of @rb/core: every capability, one process, a clock that can be moved. */
export const memoryHarness: Harness = {
  name: 'memory',
  // Nothing travels: what happens at all happens within a few turns of the event loop.
  settleMs: 1_000,
  quietMs: 15,
  async world() {
    const clock = virtualClock();
    const { now, raw } = rawMemory(clock);
    const shared = sharedMemory(now, MAX_BYTES);
    const other = sharedMemory(now, MAX_BYTES);
    return {
      clock,
      raw: raw(shared.open()),
      async open(variant = 'default') {
        if (variant === 'other-namespace') return { store: other.open() };
        // Deadlines are judged by the memory's own clock, as by a server's: what a client's clock says changes nothing.
        return variant === 'default' || variant === 'clock-ahead' ? { store: shared.open() } : null;
      },
      async dispose() {
        await shared.close();
        await other.close();
      },
    };
  },
};
