import { describe } from 'vitest';
import { archiveContract } from './archive.js';
import { concurrencyContract } from './concurrency.js';
import { restoreContract } from './restore.js';
import { celeryLayoutContract, tierContract } from './tiers.js';
import type { OpenWorld } from './world.js';

/**
 * What retention promises on every database.
 *
 * @param plain Whether its tables may also be exactly Celery's.
 */
export function retentionContract(name: string, open: OpenWorld, plain = true): void {
  // Processes that are killed, thousands of records: long on a busy machine.
  describe(`retention on ${name}`, { timeout: 60_000 }, () => {
    tierContract(open);
    if (plain) celeryLayoutContract(open);
    archiveContract(open);
    restoreContract(open);
    concurrencyContract(open);
  });
}
