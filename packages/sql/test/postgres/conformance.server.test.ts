import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { postgresHarness } from './conformance/harness.ts';

const LISTEN = { listen: true, pollMs: 60_000 };

for (const service of ['postgres', 'pgbouncer'] as const) {
  const server = await sharedServer(service);
  if ('missing' in server) it(`conforms on ${service}`, ({ skip }) => skip(server.missing));
  else {
    const readme = new URL('../../docs/postgres.md', import.meta.url);
    // The guarantees are those of PostgreSQL itself; the others share its code, faults and all.
    const options = service === 'postgres' ? { readme } : ({ profile: 'quick' } as const);
    defineSuite({ describe, it }, postgresHarness(service, server.url), options);
    // Told by LISTEN; the poll is too slow for the kit.
    const listening = postgresHarness('postgres, listen', server.url, LISTEN);
    if (service === 'postgres') defineSuite({ describe, it }, listening, { profile: 'quick' });
  }
}
