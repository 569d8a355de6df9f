import type { ResultStore } from '@rb/core';
import { start } from '@rb/servers/start';
import { mysqlStore } from '@rb/sql/mysql';
import { postgresStore } from '@rb/sql/postgres';

/** What servers have by default where those of tests have less. */
const CONFIG = {
  postgres: {},
  mysql: { 'innodb-buffer-pool-size': '128M', 'innodb-redo-log-capacity': '100M' },
  mariadb: { 'innodb-buffer-pool-size': '128M', 'innodb-log-file-size': '96M' },
};
type Service = keyof typeof CONFIG;

/** A server of a bench's own. Ends with it. */
interface BenchServer extends AsyncDisposable {
  readonly service: Service;
  readonly url: string;
  /** With the default options. */
  open(): ResultStore;
}

/** PostgreSQL, or what RB_BENCH_SERVER says. */
export async function benchServer(): Promise<BenchServer> {
  const service = serviceOf(process.env.RB_BENCH_SERVER ?? 'postgres');
  const server = await start(service, { config: CONFIG[service] });
  if ('missing' in server) throw new Error(server.missing);
  const { url } = server;
  return {
    service,
    url,
    open: () => (service === 'postgres' ? postgresStore({ url }) : mysqlStore({ url })),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function serviceOf(name: string): Service {
  if (Object.hasOwn(CONFIG, name)) return name as Service;
  throw new TypeError(`expected one of ${Object.keys(CONFIG).join(', ')} as RB_BENCH_SERVER, got ${name}`);
}
