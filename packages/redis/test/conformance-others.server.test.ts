import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { redisHarness } from './conformance/harness.ts';
import { SHARDED } from './conformance/topology.ts';

/** They share their code with Redis alone, whose guarantees are in the README; faults are for those that connect in another way. */
const PROFILES = {
  valkey: 'quick',
  'redis-tls': 'quick',
  'redis-sentinel': 'full',
  'redis-cluster': 'full',
  [SHARDED]: 'quick',
} as const;

for (const name of Object.keys(PROFILES) as (keyof typeof PROFILES)[]) {
  const server = await sharedServer(name === SHARDED ? 'redis-cluster' : name);
  if ('missing' in server) it(`conforms on ${name}`, ({ skip }) => skip(server.missing));
  else defineSuite({ describe, it }, redisHarness(name, server.url), { profile: PROFILES[name] });
}
