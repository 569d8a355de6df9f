import type { ImageKey } from '../src/docker/images.ts';

/** How an image is built from Debian packages in place of the official one. */
export interface StandIn {
  /** The Debian suite whose version fits the pinned tag. */
  readonly suite: string;
  /** Of tooling/servers/images. */
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
}

export const STAND_INS: Readonly<Record<Exclude<ImageKey, 'mongo'>, StandIn>> = {
  ryuk: { suite: 'forky', dockerfile: 'ryuk/Dockerfile', args: {} },
  redis: { suite: 'forky', dockerfile: 'redis/Dockerfile', args: { SERVER: 'redis' } },
  valkey: { suite: 'forky', dockerfile: 'redis/Dockerfile', args: { SERVER: 'valkey' } },
  postgres: { suite: 'forky', dockerfile: 'postgres/Dockerfile', args: { MAJOR: '18' } },
  oldPostgres: { suite: 'bookworm', dockerfile: 'postgres/Dockerfile', args: { MAJOR: '15' } },
  mariadb: {
    suite: 'forky',
    dockerfile: 'mysql/Dockerfile',
    args: { SERVER: 'mariadb', PACKAGES: 'mariadb-server-core mariadb-client' },
  },
  oldMariadb: {
    suite: 'bookworm',
    dockerfile: 'mysql/Dockerfile',
    args: { SERVER: 'mariadb', PACKAGES: 'mariadb-server-core mariadb-client' },
  },
  mysql: {
    // In no release.
    suite: 'sid',
    dockerfile: 'mysql/Dockerfile',
    args: { SERVER: 'mysql', PACKAGES: 'mysql-server-core mysql-client-core' },
  },
  rabbitmq: { suite: 'forky', dockerfile: 'rabbitmq/Dockerfile', args: {} },
};

/** What a CI run tests in Docker. The reaper comes with every container. */
export const CI_IMAGES: readonly ImageKey[] = ['ryuk', 'redis', 'valkey', 'postgres'];
