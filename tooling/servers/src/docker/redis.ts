import { RedisContainer } from '@testcontainers/redis';
import { type Recipe, settings } from './recipe.ts';

/** Kept on disk, so that a server that was killed has its data when it comes back. */
export const REDIS_SETTINGS = { save: '', appendonly: 'yes', 'repl-diskless-sync-delay': '0' } as const;

export const redisArgument = (name: string, value: string): readonly string[] => [`--${name}`, value];

const shared = {
  port: 6379,
  url: (address: string): string => `redis://${address}/0`,
};

export const redis: Recipe = {
  ...shared,
  image: 'redis',
  title: 'Redis',
  container: (image, config) =>
    new RedisContainer(image).withCommand([
      'redis-server',
      ...settings({ ...REDIS_SETTINGS, ...config }, redisArgument),
    ]),
  ask: ['redis-cli', 'info', 'server'],
  version: /^redis_version:([\d.]+)/m,
};

export const valkey: Recipe = {
  ...shared,
  image: 'valkey',
  title: 'Valkey',
  // Not ValkeyContainer: it takes no arguments for the server.
  container: (image, config) =>
    new RedisContainer(image).withCommand([
      'valkey-server',
      ...settings({ ...REDIS_SETTINGS, ...config }, redisArgument),
    ]),
  ask: ['valkey-cli', 'info', 'server'],
  version: /^valkey_version:([\d.]+)/m,
};
