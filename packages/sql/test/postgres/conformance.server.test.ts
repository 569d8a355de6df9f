import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { postgresHarness } from './conformance/harness.ts';

const LISTEN = { listen: true, pollMs: 60_000 };

for (const service of ['postgres', 'pgbouncer'] as const) {
  const server = await sharedServer(service);
  if ('missing' in server) it(`conforms on ${service}`, ({ skip }) => skip(server.missing));
  else {
    const harness = postgresHarness(service, server.url);
    const readme = service === 'postgres' ? { readme: new URL('../../docs/postgres.md', import.meta.url) } : {};
    defineSuite({ describe, it }, harness, readme);
    // Told by LISTEN; the poll is too slow for the kit.
    if (service === 'postgres') defineSuite({ describe, it }, postgresHarness('postgres, listen', server.url, LISTEN));
  }
}
