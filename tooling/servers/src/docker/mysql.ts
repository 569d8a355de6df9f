import { MariaDbContainer } from '@testcontainers/mariadb';
import { MySqlContainer } from '@testcontainers/mysql';
import { type Recipe, settings } from './recipe.ts';

const PASSWORD = 'root';

const flag = (name: string, value: string): readonly string[] => [`--${name}=${value}`];

const askWith = (client: string): readonly string[] => [
  ...[client, '-h127.0.0.1', '-uroot', `-p${PASSWORD}`],
  ...['-BNe', 'SELECT VERSION()'],
];

// A client may make databases of its own, so it is root.
const shared = {
  port: 3306,
  version: /^(\d[\d.]+)/m,
  url: (address: string): string => `mysql://root:${PASSWORD}@${address}/test`,
};

export const mysql: Recipe = {
  ...shared,
  image: 'mysql',
  title: 'MySQL',
  container: (image, config) =>
    new MySqlContainer(image).withRootPassword(PASSWORD).withCommand(['mysqld', ...settings(config, flag)]),
  ask: askWith('mysql'),
};

export const mariadb: Recipe = {
  ...shared,
  image: 'mariadb',
  title: 'MariaDB',
  container: (image, config) =>
    new MariaDbContainer(image).withRootPassword(PASSWORD).withCommand(['mariadbd', ...settings(config, flag)]),
  ask: askWith('mariadb'),
};
