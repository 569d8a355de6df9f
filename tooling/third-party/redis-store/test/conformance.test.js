import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { defineSuite } from '@rb/conformance';
import { RedisContainer } from '@testcontainers/redis';
import { getContainerRuntimeClient } from 'testcontainers';
import { acmeRedisStore } from '../src/redis-store.js';

const engine = await getContainerRuntimeClient().catch(() => undefined);

if (engine === undefined) it('conforms', { skip: 'no Docker engine answers: start one, or set DOCKER_HOST' });
else {
  const container = await new RedisContainer('redis:8.0-alpine').start();
  after(() => container.stop());
  defineSuite(
    { describe, it },
    {
      name: 'acme-redis',
      async world() {
        const prefix = `${randomUUID()}:`;
        return {
          clock: { kind: 'real' },
          open: async (variant = 'default') =>
            variant === 'default' ? { store: acmeRedisStore({ url: container.getConnectionUrl(), prefix }) } : null,
          dispose: async () => {},
        };
      },
    },
  );
}
