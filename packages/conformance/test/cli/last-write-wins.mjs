// The memory store with one bug, which STA-1 finds.
import { memoryHarness } from '@rb/conformance/reference';
import { SABOTEURS, sabotaged } from '@rb/conformance/saboteurs';

export const harness = sabotaged(
  memoryHarness,
  SABOTEURS.find(({ name }) => name === 'last-write-wins'),
);
