import type { Missing, Provider, Server, ServiceName, StartOptions } from '../service.ts';
import { startDocumentDb } from './documentdb.ts';
import { startMariadb, startMysql, startOldMariadb } from './mysql.ts';
import { startOldPostgres, startPgBouncer, startPostgres } from './postgres.ts';
import { startRabbitmq } from './rabbitmq.ts';
import { startRedis, startRedisTls, startValkey } from './redis.ts';
import { startCluster, startSentinel } from './redis-group.ts';

const START: Readonly<Record<ServiceName, (options: StartOptions) => Promise<Server | Missing>>> = {
  redis: startRedis,
  'redis-tls': startRedisTls,
  'redis-sentinel': startSentinel,
  'redis-cluster': startCluster,
  valkey: startValkey,
  postgres: startPostgres,
  'postgres-old': startOldPostgres,
  pgbouncer: startPgBouncer,
  mysql: startMysql,
  mariadb: startMariadb,
  'mariadb-old': startOldMariadb,
  mongo: startDocumentDb,
  rabbitmq: startRabbitmq,
};

/** Processes of this machine, each on a free port in a temporary folder. */
export const localProvider: Provider = {
  name: 'local',
  async start(service, options) {
    if (process.platform !== 'linux') return { missing: 'local servers are started on Linux alone' };
    return START[service](options);
  },
};
