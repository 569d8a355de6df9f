import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { rootOf } from '../roots.ts';
import type { Missing, Server, StartOptions } from '../service.ts';
import { host, inRoot, type Place } from './place.ts';
import { freePort } from './ports.ts';
import { answers } from './probe.ts';
import { runProgram, type ServerProcess, serverDirectory, serverFile, startProcess } from './process.ts';
import { fromTemplate } from './template.ts';

export interface PostgresBinary {
  /** Of the template: databases of one version are no use to another. */
  readonly name: string;
  readonly place: Place;
  /** The folder of its programs. */
  readonly bin: string;
  readonly how: string;
  readonly env?: Readonly<Record<string, string>>;
}

const VERSIONS = '/usr/lib/postgresql';

/** The newest that the machine's packages have. */
function hostBinary(): PostgresBinary | Missing {
  const versions = host.has(VERSIONS)
    ? readdirSync(VERSIONS)
        .map(Number)
        .filter(Boolean)
        .toSorted((a, b) => b - a)
    : [];
  const bins = versions.map((version) => `${VERSIONS}/${version}/bin`);
  const bin = bins.find((each) => host.has(`${each}/postgres`));
  if (bin === undefined)
    return { missing: `there is no server in ${VERSIONS}: install postgresql (apt-get install postgresql)` };
  return { name: 'postgres-old', place: host, bin, how: `${bin}/postgres` };
}

/** The current version, which released distributions lag behind; where no root has been made, the machine's. */
function currentBinary(): PostgresBinary | Missing {
  const bin = `${VERSIONS}/18/bin`;
  const root = rootOf('forky');
  if (root === undefined || !inRoot(root).has(`${bin}/postgres`)) return hostBinary();
  return { name: 'postgres', place: inRoot(root), bin, how: `${bin}/postgres of Debian forky` };
}

/**
 * What a crash of the machine would lose, tests do not need. A crash of the server loses nothing: a commit waits until it
 * is handed to the system, which `synchronous_commit: off` would put off.
 */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', shared_buffers: '32MB' };

/** A start-up packet: a server that takes connections asks for authentication, one that is starting answers with an error. */
const HELLO = startUpPacket('user\0postgres\0database\0postgres\0\0');

function startUpPacket(parameters: string): Buffer {
  const packet = Buffer.from(`\0\0\0\0\0\x03\0\0${parameters}`, 'latin1');
  packet.writeInt32BE(packet.length, 0);
  return packet;
}

export interface PostgresProcess extends ServerProcess {
  readonly port: number;
}

export async function startPostgresProcess(
  { name, place, bin, env = {} }: PostgresBinary,
  config: Readonly<Record<string, string>> = {},
): Promise<PostgresProcess> {
  const directory = fromTemplate(name, place, (data, parent) => {
    const password = join(parent, 'password');
    serverFile(place, password, 'postgres\n');
    const locale = ['-E', 'UTF8', '--locale=C.UTF-8'];
    runProgram(place, parent, `${bin}/initdb`, [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${password}`,
      ...locale,
      '--no-sync',
      '--no-instructions',
    ]);
  });
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: directory,
    ...SETTINGS,
    ...config,
  };
  const started = await startProcess({
    role: 'server',
    url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
    place,
    program: `${bin}/postgres`,
    args: [
      '-D',
      join(directory, 'data'),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env,
    directory,
    ready: () => answers(port, HELLO, /^R/),
    // "Fast": SIGTERM would wait for its clients.
    stopSignal: 'SIGINT',
  });
  return { ...started, port };
}

const versionOf = ({ place, bin }: PostgresBinary): string =>
  `PostgreSQL ${/([\d.]+)/.exec(runProgram(place, '/tmp', `${bin}/postgres`, ['--version']))?.[1]}`;

export const startPostgres = (options: StartOptions): Promise<Server | Missing> =>
  startOne('postgres', currentBinary(), options);
/** The machine's own packages; in CI those are of a Debian that was released years ago. */
export const startOldPostgres = (options: StartOptions): Promise<Server | Missing> =>
  startOne('postgres-old', hostBinary(), options);

async function startOne(
  service: 'postgres' | 'postgres-old',
  binary: PostgresBinary | Missing,
  { config }: StartOptions,
): Promise<Server | Missing> {
  if ('missing' in binary) return binary;
  const { dispose, ...node } = await startPostgresProcess(binary, config);
  return {
    service,
    url: node.url,
    version: versionOf(binary),
    how: binary.how,
    nodes: [node],
    [Symbol.asyncDispose]: dispose,
  };
}

const PGBOUNCER = '/usr/sbin/pgbouncer';

/** PgBouncer in transaction mode before a PostgreSQL of its own, which is the second node. */
export async function startPgBouncer({ config = {} }: StartOptions): Promise<Server | Missing> {
  if (!host.has(PGBOUNCER))
    return { missing: `there is no ${PGBOUNCER}: install pgbouncer (apt-get install pgbouncer)` };
  const binary = currentBinary();
  if ('missing' in binary) return binary;
  const { dispose: disposePostgres, ...postgres } = await startPostgresProcess(binary);
  try {
    const port = await freePort();
    const directory = serverDirectory('pgbouncer', host);
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: String(port),
      unix_socket_dir: '',
      auth_type: 'plain',
      auth_file: join(directory, 'users'),
      pool_mode: 'transaction',
      // Clients set it on every connection, and it does not matter here.
      ignore_startup_parameters: 'extra_float_digits',
      max_client_conn: '500',
      ...config,
    };
    const password = 'password=postgres user=postgres';
    const file = join(directory, 'pgbouncer.ini');
    const general = Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join('');
    serverFile(
      host,
      file,
      `[databases]\n* = host=127.0.0.1 port=${postgres.port} ${password}\n[pgbouncer]\n${general}`,
    );
    serverFile(host, settings.auth_file, '"postgres" "postgres"\n');
    const { dispose, ...node } = await startProcess({
      role: 'server',
      url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
      place: host,
      program: PGBOUNCER,
      args: [file],
      directory,
      ready: () => answers(port, HELLO, /^R/),
      stopSignal: 'SIGINT',
    });
    return {
      service: 'pgbouncer',
      url: node.url,
      version: `PgBouncer ${/([\d.]+)/.exec(runProgram(host, '/tmp', PGBOUNCER, ['--version']))?.[1]}, ${versionOf(binary)}`,
      how: `${PGBOUNCER}, ${binary.how}`,
      nodes: [node, { ...postgres, role: 'postgres' }],
      async [Symbol.asyncDispose]() {
        await dispose();
        await disposePostgres();
      },
    };
  } catch (error) {
    await disposePostgres();
    throw error;
  }
}
