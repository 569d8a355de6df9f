import { sharedServer } from '@rb/servers/fixture';
import { it } from 'vitest';
import { retentionContract } from './contract.js';
import { mysqlWorld, postgresWorld } from './world.js';

for (const service of ['postgres', 'mysql', 'mariadb'] as const) {
  const server = await sharedServer(service);
  if ('missing' in server) it(`retention on ${service}`, ({ skip }) => skip(server.missing));
  else retentionContract(service, () => (service === 'postgres' ? postgresWorld(server.url) : mysqlWorld(server.url)));
}
