import { memoryStore, type ResultStore, type TaskRecord } from '@rb/core';
import type { Harness } from '../harness.js';
import { handleOf } from './shared-memory.js';

/** The columns of Celery's own SQL table. */
const KEPT: readonly string[] = ['name', 'args', 'kwargs', 'worker', 'retries', 'queue'];

/** No capability, only some keys of `meta`, no deadlines: the least that conforms. */
export const bareHarness: Harness = {
  name: 'bare',
  // Nothing travels: what happens at all happens within a few turns of the event loop.
  settleMs: 1_000,
  quietMs: 15,
  async world() {
    const shared = memoryStore();
    return {
      clock: { kind: 'real' },
      open: async (variant = 'default') => (variant === 'default' ? { store: bareOf(handleOf(shared)) } : null),
      dispose: () => shared.close(),
    };
  },
};

const bareOf = ({ contract, traits, put, get, delete: remove, close }: ResultStore): ResultStore => ({
  contract,
  name: 'bare',
  traits: { ...traits, keeps: KEPT },
  put: (records, options) => put(records.map(kept), options),
  get,
  delete: remove,
  close,
});

/** Without its stored form, which would bring the other keys along. */
const kept = ({ verbatim: _, ...record }: TaskRecord): TaskRecord => ({
  ...record,
  meta: Object.fromEntries(Object.entries(record.meta).filter(([key]) => KEPT.includes(key))),
  expiresAt: null,
});
