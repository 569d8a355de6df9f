import { join } from 'node:path';
import { rootOf } from '../roots.ts';
import type { Missing, Server, StartOptions } from '../service.ts';
import { host, inRoot, type Place } from './place.ts';
import { freePort } from './ports.ts';
import { answers } from './probe.ts';
import { runProgram, serverFile, startProcess } from './process.ts';
import { fromTemplate } from './template.ts';

interface MysqlBinary {
  readonly service: 'mysql' | 'mariadb' | 'mariadb-old';
  readonly title: string;
  readonly place: Place;
  readonly server: string;
  readonly how: string;
  /** Makes the files of a new database. */
  create(data: string, directory: string): void;
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * New files of the log are small, to be copied fast; once it runs the log has room: one that is full makes all wait for the disk,
 * other tests' files too. With 128 MB a test is held up a quarter as long by one that writes large rows beside it as with 8.
 */
const LOG_BYTES = '128M';

/** What a crash of the machine would lose, tests do not need. With 2 a crash of the server loses nothing; with 0 it may. */
const SETTINGS = {
  'innodb-flush-log-at-trx-commit': '2',
  'performance-schema': 'OFF',
};

/**
 * Whoever connects over TCP is no localhost; without a name server they are told by their address. MariaDB makes a root of
 * that very address, without a password, which would go before the one of all addresses.
 */
const INIT = `
DROP USER IF EXISTS 'root'@'127.0.0.1';
CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY 'root';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS test;
`;

const MARIADB = '/usr/sbin/mariadbd';
const MARIADB_INSTALL = '/usr/bin/mariadb-install-db';

function mariadbBinary(service: 'mariadb' | 'mariadb-old'): MysqlBinary | Missing {
  // The current version, which released distributions lag behind; where no root has been made, the machine's.
  const root = service === 'mariadb' ? rootOf('forky') : undefined;
  const current = root !== undefined && inRoot(root).has(MARIADB) ? inRoot(root) : undefined;
  const place = current ?? host;
  if (!place.has(MARIADB) || !place.has(MARIADB_INSTALL))
    return { missing: `there is no ${MARIADB}: install mariadb-server-core (apt-get install mariadb-server-core)` };
  return {
    service,
    title: 'MariaDB',
    place,
    server: MARIADB,
    how: current ? `${MARIADB} of Debian forky` : MARIADB,
    create: (data, directory) =>
      void runProgram(place, directory, MARIADB_INSTALL, [
        '--no-defaults',
        `--datadir=${data}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--innodb-log-file-size=8M',
      ]),
    settings: { 'innodb-log-file-size': LOG_BYTES },
  };
}

function mysqlBinary(): MysqlBinary | Missing {
  const server = '/usr/sbin/mysqld';
  const root = rootOf('mysql');
  if (root === undefined || !inRoot(root).has(server))
    return { missing: 'there is no MySQL server in the cache: run tooling/servers/ci/install.ts as root' };
  const place = inRoot(root);
  return {
    service: 'mysql',
    title: 'MySQL',
    place,
    server,
    how: `${server} of Debian sid`,
    create: (data, directory) =>
      void runProgram(place, directory, server, [
        '--no-defaults',
        '--initialize-insecure',
        `--datadir=${data}`,
        '--innodb-redo-log-capacity=8M',
      ]),
    settings: { 'innodb-redo-log-capacity': LOG_BYTES, mysqlx: 'OFF', 'secure-file-priv': '' },
  };
}

async function startOne(binary: MysqlBinary | Missing, { config = {} }: StartOptions): Promise<Server | Missing> {
  if ('missing' in binary) return binary;
  const { service, title, place, server, how, create } = binary;
  const directory = fromTemplate(service, place, create);
  const init = join(directory, 'init.sql');
  serverFile(place, init, INIT);
  const port = await freePort();
  const settings = {
    datadir: join(directory, 'data'),
    port: String(port),
    'bind-address': '127.0.0.1',
    socket: join(directory, 's.sock'),
    'pid-file': join(directory, 'server.pid'),
    'init-file': init,
    ...SETTINGS,
    ...binary.settings,
    ...config,
  };
  const { dispose, ...node } = await startProcess({
    role: 'server',
    url: `mysql://root:root@127.0.0.1:${port}/test`,
    place,
    program: server,
    // First, or the machine's own files set sockets and addresses.
    args: [
      '--no-defaults',
      ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
      '--skip-log-bin',
      '--skip-name-resolve',
    ],
    directory,
    // The greeting: four bytes of frame, the protocol, which is 10, and the version.
    ready: () => answers(port, '', /^.{4}\n\d+\.\d+/s),
  });
  const version = /Ver ([\d.]+)/.exec(runProgram(place, '/tmp', server, ['--no-defaults', '--version']))?.[1];
  return { service, url: node.url, version: `${title} ${version}`, how, nodes: [node], [Symbol.asyncDispose]: dispose };
}

export const startMysql = (options: StartOptions): Promise<Server | Missing> => startOne(mysqlBinary(), options);
export const startMariadb = (options: StartOptions): Promise<Server | Missing> =>
  startOne(mariadbBinary('mariadb'), options);
/** The machine's own packages; in CI those are of a Debian that was released years ago. */
export const startOldMariadb = (options: StartOptions): Promise<Server | Missing> =>
  startOne(mariadbBinary('mariadb-old'), options);
