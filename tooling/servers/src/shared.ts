import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { askKeeper, openKeeper, type SharedServer } from './keeper.ts';
import { reportService } from './report.ts';
import type { Missing, ServiceName } from './service.ts';

/** Names the keeper's socket; set for the processes of a run by the setup of vitest. */
export const KEEPER = 'RB_SERVERS_KEEPER';

const TITLES: Readonly<Record<ServiceName, string>> = {
  redis: 'Redis',
  'redis-tls': 'Redis with TLS',
  'redis-sentinel': 'Redis Sentinel',
  'redis-cluster': 'Redis Cluster',
  valkey: 'Valkey',
  postgres: 'PostgreSQL',
  'postgres-old': 'PostgreSQL, older',
  pgbouncer: 'PgBouncer',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  'mariadb-old': 'MariaDB, older',
  mongo: 'MongoDB',
  rabbitmq: 'RabbitMQ',
};

/**
 * The one server of its kind in this run of tests. Others use it at the same time: keep to names that `namespace()`
 * gives, and never empty or stop it. What came of it goes to the report of the run.
 *
 * @param suite Who uses it, for the report.
 */
export async function shared(service: ServiceName, suite?: string): Promise<SharedServer | Missing> {
  const found = await askKeeper(await addressOfKeeper(), service);
  const name = titleOf(service);
  reportService(
    'missing' in found
      ? { name, missing: found.missing }
      : { name, how: found.how, version: found.version, ...(suite ? { suites: [suite] } : {}) },
  );
  return found;
}

/** A run in Docker beside one without is another line of the report. */
export const titleOf = (service: ServiceName): string =>
  env.RB_SERVERS === 'docker' ? `${TITLES[service]} in Docker` : TITLES[service];

let own: Promise<string> | undefined;

/** Where no runner keeps servers, this process does, as long as it lives. */
function addressOfKeeper(): Promise<string> {
  const address = env[KEEPER];
  if (address) return Promise.resolve(address);
  own ??= openKeeper().then((keeper) => keeper.address);
  return own;
}

/** Letters and digits for a prefix, schema or database of one's own; nobody else has it, in this run or another. */
export const namespace = (): string => `rb${Date.now().toString(36)}${randomBytes(4).toString('hex')}`;
