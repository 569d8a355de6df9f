/** Every image that tests start, by what it is for. Newer ones are tried by changing a line here. */
export const IMAGES = {
  redis: 'redis:8.0-alpine',
  valkey: 'valkey/valkey:9.1-alpine',
  postgres: 'postgres:18-alpine',
  oldPostgres: 'postgres:15-alpine',
  mysql: 'mysql:9.7',
  mariadb: 'mariadb:11.8',
  oldMariadb: 'mariadb:10.11',
  mongo: 'mongo:8.0',
  rabbitmq: 'rabbitmq:4.3-alpine',
  /** Removes what a killed run leaves. The one that testcontainers starts by itself; a test compares the two. */
  ryuk: 'testcontainers/ryuk:0.14.0',
} as const;

export type ImageKey = keyof typeof IMAGES;

/** On images that are built here in place of the official ones (see images/README.md): the Debian suite they are made of. */
export const STAND_IN_LABEL = 'rb.stand-in';

/** The pinned image, or the same in another version: `18-alpine` becomes `17-alpine`. */
export function imageOf(key: ImageKey, version?: string): string {
  return version === undefined ? IMAGES[key] : IMAGES[key].replace(/:[\d.]+/, `:${version}`);
}
