import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { type Recipe, settings } from './recipe.ts';

export const postgres: Recipe = {
  image: 'postgres',
  title: 'PostgreSQL',
  port: 5432,
  container: (image, config) =>
    new PostgreSqlContainer(image)
      .withUsername('postgres')
      .withPassword('postgres')
      .withDatabase('postgres')
      // What a crash of the machine would lose, tests do not need.
      .withCommand(['postgres', ...settings({ fsync: 'off', ...config }, (name, value) => ['-c', `${name}=${value}`])]),
  // Over TCP: the server that only makes the database listens on the Unix socket alone.
  ask: ['psql', '-h', '127.0.0.1', '-U', 'postgres', '-Atc', 'SHOW server_version'],
  version: /^([\d.]+)/m,
  url: (address) => `postgresql://postgres:postgres@${address}/postgres`,
};
