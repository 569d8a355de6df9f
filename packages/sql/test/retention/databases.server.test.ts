import { sharedServer } from '@rb/servers/fixture';
import { it } from 'vitest';
import { retentionContract } from './contract.js';
import { mysqlWorld, postgresWorld } from './world.js';

const DAY_MS = 86_400_000;

for (const service of ['postgres', 'mysql', 'mariadb'] as const) {
  const server = await sharedServer(service);
  if ('missing' in server) it(`retention on ${service}`, ({ skip }) => skip(server.missing));
  else retentionContract(service, () => (service === 'postgres' ? postgresWorld(server.url) : mysqlWorld(server.url)));
  if (service !== 'postgres' || 'missing' in server) continue;
  // Longer than any span of the contract: Celery's rows have a deadline there.
  const partitions = { intervalMs: 30 * DAY_MS, celeryExpiresMs: 30 * DAY_MS };
  retentionContract('postgres, in partitions', () => postgresWorld(server.url, { partitions }), false);
}
