import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { redisHarness } from './conformance/harness.ts';

const README = new URL('../README.md', import.meta.url);

for (const service of ['redis', 'valkey'] as const) {
  const server = await sharedServer(service);
  if ('missing' in server) it(`conforms on ${service}`, ({ skip }) => skip(server.missing));
  // The guarantees are those of Redis; Valkey, which is the same code, need only hold the clauses.
  else
    defineSuite(
      { describe, it },
      redisHarness(service, server.url),
      service === 'redis' ? { readme: README } : { profile: 'quick' },
    );
}
