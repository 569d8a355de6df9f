import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { rootOf } from '../roots.ts';
import type { Missing, Server, StartOptions } from '../service.ts';
import { inRoot, self } from './place.ts';
import { freePort } from './ports.ts';
import { type PostgresBinary, startPostgresProcess } from './postgres.ts';
import { answers } from './probe.ts';
import { serverDirectory, startProcess } from './process.ts';

const BIN = '/usr/lib/postgresql/18/bin';
const EXTENSION = '/usr/share/postgresql/18/extension/documentdb.control';
const GATEWAY = fileURLToPath(new URL('../documentdb/gateway.ts', import.meta.url));

const SETTINGS = {
  shared_preload_libraries: 'pg_cron,pg_documentdb_core,pg_documentdb',
  'cron.database_name': 'postgres',
  // Or its jobs connect to a port that it does not know.
  'cron.use_background_workers': 'on',
  max_worker_processes: '16',
  // Its statements lock rows in no order, and the gateway begins anew what lost: not after a second, as MongoDB would know none.
  deadlock_timeout: '50ms',
};

/**
 * DocumentDB in place of MongoDB, which Debian does not have: PostgreSQL with BSON in it, behind a gateway that speaks
 * MongoDB's protocol. Two processes that are stopped, hung and killed as one.
 *
 * @param options `config` is of PostgreSQL: there is no mongod to take another.
 */
export async function startDocumentDb({ config = {} }: StartOptions): Promise<Server | Missing> {
  const root = rootOf('forky');
  if (root === undefined || !inRoot(root).has(EXTENSION))
    return { missing: 'there is no DocumentDB in the cache: run tooling/servers/ci/install.ts as root' };
  const binary: PostgresBinary = {
    name: 'documentdb',
    place: inRoot(root),
    bin: BIN,
    how: 'DocumentDB of Debian forky',
    // It makes collections by connections to itself.
    env: { PGPASSWORD: 'postgres' },
  };
  const postgres = await startPostgresProcess(binary, { ...SETTINGS, ...config });
  try {
    const port = await freePort();
    const gateway = await startProcess({
      role: 'server',
      url: `mongodb://127.0.0.1:${port}/`,
      place: self,
      program: process.execPath,
      args: [GATEWAY, String(port), postgres.url],
      directory: serverDirectory('gateway', self),
      ready: () => answers(port),
    });
    const node = {
      role: gateway.role,
      url: gateway.url,
      async stop() {
        await gateway.stop();
        await postgres.stop();
      },
      // The gateway first: a client must see its connection die, not an error about PostgreSQL's.
      async kill() {
        await gateway.kill();
        await postgres.kill();
      },
      async pause() {
        await gateway.pause();
        await postgres.pause();
      },
      async resume() {
        await postgres.resume();
        await gateway.resume();
      },
      async restart() {
        await gateway.stop();
        await postgres.restart();
        await gateway.restart();
      },
    };
    return {
      service: 'mongo',
      url: gateway.url,
      version: await versionOf(postgres.url),
      how: `${binary.how}, in place of MongoDB`,
      nodes: [node],
      async [Symbol.asyncDispose]() {
        await gateway.dispose();
        await postgres.dispose();
      },
    };
  } catch (error) {
    await postgres.dispose();
    throw error;
  }
}

async function versionOf(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query(
      "SELECT documentdb_api.binary_extended_version() AS engine, current_setting('server_version') AS postgres",
    );
    return `DocumentDB ${rows[0].engine.split(' ')[0]}, PostgreSQL ${rows[0].postgres.split(' ')[0]}`;
  } finally {
    await client.end();
  }
}
