import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { redisHarness } from './conformance/harness.ts';

/** They share their code with Redis alone, whose guarantees are in the README; faults are for those that connect in another way. */
const PROFILES = {
  valkey: 'quick',
  'redis-tls': 'quick',
  'redis-sentinel': 'full',
  'redis-cluster': 'full',
} as const;

for (const service of Object.keys(PROFILES) as (keyof typeof PROFILES)[]) {
  const server = await sharedServer(service);
  if ('missing' in server) it(`conforms on ${service}`, ({ skip }) => skip(server.missing));
  else defineSuite({ describe, it }, redisHarness(service, server.url), { profile: PROFILES[service] });
}
