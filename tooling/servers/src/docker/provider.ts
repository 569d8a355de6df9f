import { ImageName } from 'testcontainers';
import type { Missing, Provider, Server, ServiceName, StartOptions } from '../service.ts';
import { type Engine, engine } from './engine.ts';
import { type ImageKey, imageOf } from './images.ts';
import { mongo } from './mongo.ts';
import { mariadb, mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import { rabbitmq } from './rabbitmq.ts';
import type { Recipe } from './recipe.ts';
import { redis, valkey } from './redis.ts';
import { startCluster } from './redis-cluster.ts';
import { startSentinel } from './redis-sentinel.ts';
import { redisTls } from './redis-tls.ts';
import { startRecipe } from './server.ts';

interface Service {
  readonly image: ImageKey;
  start(engine: Engine, options: StartOptions): Promise<Server | Missing>;
}

const one = (service: ServiceName, recipe: Recipe): Service => ({
  image: recipe.image,
  start: (engine, options) => startRecipe(engine, service, recipe, options),
});

const SERVICES: Readonly<Record<ServiceName, Service | Missing>> = {
  redis: one('redis', redis),
  'redis-tls': {
    image: 'redis',
    start: async (engine, options) => startRecipe(engine, 'redis-tls', redisTls(), options),
  },
  'redis-sentinel': { image: 'redis', start: startSentinel },
  'redis-cluster': { image: 'redis', start: startCluster },
  valkey: one('valkey', valkey),
  postgres: one('postgres', postgres),
  'postgres-old': one('postgres-old', { ...postgres, image: 'oldPostgres' }),
  pgbouncer: { missing: 'there is no official image of PgBouncer' },
  mysql: one('mysql', mysql),
  mariadb: one('mariadb', mariadb),
  'mariadb-old': one('mariadb-old', { ...mariadb, image: 'oldMariadb' }),
  mongo: one('mongo', mongo),
  rabbitmq: one('rabbitmq', rabbitmq),
};

/** Servers in containers, by testcontainers. What a killed run leaves, its reaper removes some ten seconds later. */
export const dockerProvider: Provider = {
  name: 'docker',
  async start(name, options) {
    const service = SERVICES[name];
    if ('missing' in service) return service;
    const found = await engine();
    if ('missing' in found) return found;
    return (await noImage(found, imageOf(service.image, options.version))) ?? service.start(found, options);
  },
};

/** Why the engine has no such image; undefined where it has, which may mean that it was pulled just now. */
async function noImage(engine: Engine, image: string): Promise<Missing | undefined> {
  try {
    await engine.image.pull(ImageName.fromString(image));
    return undefined;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return {
      missing: `the Docker engine cannot pull ${image} (${reason}); tooling/servers/images says how to build it`,
    };
  }
}
