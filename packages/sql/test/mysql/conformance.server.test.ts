import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { mysqlHarness } from './conformance/harness.ts';

for (const service of ['mysql', 'mariadb'] as const) {
  const server = await sharedServer(service);
  if ('missing' in server) it(`conforms on ${service}`, ({ skip }) => skip(server.missing));
  else defineSuite({ describe, it }, mysqlHarness(service, server.url), { profile: 'quick' });
}
