import { dualHarness } from '../dual-harness.js';
import type { Harness } from '../harness.js';
import { backfill, verify } from './backfill.js';
import { dualStore } from './dual-store.js';
import { memoryHarness } from './memory.js';

/** A pair of two memory stores, written as simply as the clauses allow. */
export const dualReference: Harness = dualHarness({
  name: 'dual',
  dual: { create: dualStore, backfill, verify },
  primary: memoryHarness,
  secondary: memoryHarness,
  sameLayout: true,
});
