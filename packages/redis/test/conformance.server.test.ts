import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { redisHarness } from './conformance/harness.ts';

const README = new URL('../README.md', import.meta.url);

/** The guarantees are those of Redis. The others share its code; what differs is how it connects, so faults are for all but Valkey. */
const PROFILES = {
  redis: { readme: README },
  valkey: { profile: 'quick' },
  'redis-tls': { profile: 'quick' },
  'redis-sentinel': {},
  'redis-cluster': {},
} as const;

for (const [service, options] of Object.entries(PROFILES)) {
  const server = await sharedServer(service as keyof typeof PROFILES);
  if ('missing' in server) it(`conforms on ${service}`, ({ skip }) => skip(server.missing));
  else defineSuite({ describe, it }, redisHarness(service, server.url), options);
}
