import { describe } from 'vitest';
import { archiveContract } from './archive.js';
import { concurrencyContract } from './concurrency.js';
import { restoreContract } from './restore.js';
import { tierContract } from './tiers.js';
import type { OpenWorld } from './world.js';

/** What retention promises on every database. */
export function retentionContract(name: string, open: OpenWorld): void {
  describe(`retention on ${name}`, () => {
    tierContract(open);
    archiveContract(open);
    restoreContract(open);
    concurrencyContract(open);
  });
}
