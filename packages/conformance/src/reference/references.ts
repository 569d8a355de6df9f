import type { Harness } from '../harness.js';
import { bareHarness } from './bare.js';
import { dualReference } from './dual.js';
import { memoryHarness } from './memory.js';
import { harness as ownerHarness } from './owner.js';
import { harness as wireHarness } from './wire.js';

/** The stores that the kit itself is tested on, by the names that saboteurs use. */
export const REFERENCES: Readonly<Record<string, Harness>> = {
  memory: memoryHarness,
  wire: wireHarness,
  owner: ownerHarness,
  bare: bareHarness,
  dual: dualReference,
};
