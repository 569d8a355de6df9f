import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSuite, type Harness } from '@rb/conformance';
import { memoryHarness } from '@rb/conformance/reference';
import { describe, it } from 'vitest';
import { claimCheck, fileBlobStore } from '../../src/claim-check/index.js';

/** Every result is a blob, around the store that has every capability. */
const harness: Harness = {
  ...memoryHarness,
  name: 'claim-check',
  async world() {
    // What lies beneath is a part of each record, which must not be copied as if it were the whole.
    const { raw: _, ...world } = await memoryHarness.world();
    const now = world.clock.kind === 'virtual' ? world.clock.now : undefined;
    const directory = await mkdtemp(join(tmpdir(), 'rb-blobs-'));
    return {
      ...world,
      async open(variant) {
        const opened = await world.open(variant);
        return (
          opened && { ...opened, store: claimCheck(opened.store, fileBlobStore({ directory, now }), { minBytes: 0 }) }
        );
      },
      async dispose() {
        await world.dispose();
        await rm(directory, { recursive: true });
      },
    };
  },
};

defineSuite({ describe, it }, harness);
