import { join } from 'node:path';
import { rootOf } from '../roots.ts';
import type { Missing, Server, StartOptions, TlsFiles } from '../service.ts';
import { certificates } from './certificates.ts';
import { host, inRoot, type Place } from './place.ts';
import { freePort } from './ports.ts';
import { answers } from './probe.ts';
import { runProgram, type ServerProcess, serverDirectory, serverFile, startProcess } from './process.ts';

export interface RedisBinary {
  readonly place: Place;
  readonly server: string;
  readonly cli: string;
  readonly title: 'Redis' | 'Valkey';
  readonly how: string;
}

export function redisBinary(): RedisBinary | Missing {
  const server = '/usr/bin/redis-server';
  if (!host.has(server))
    return { missing: `there is no ${server}: install redis-server (apt-get install redis-server)` };
  return { place: host, server, cli: '/usr/bin/redis-cli', title: 'Redis', how: server };
}

function valkeyBinary(): RedisBinary | Missing {
  const server = '/usr/bin/valkey-server';
  const cli = '/usr/bin/valkey-cli';
  if (host.has(server)) return { place: host, server, cli, title: 'Valkey', how: server };
  const root = rootOf('forky');
  if (root === undefined || !inRoot(root).has(server))
    return { missing: `there is no ${server}: install valkey-server, or run tooling/servers/ci/install.ts as root` };
  return { place: inRoot(root), server, cli, title: 'Valkey', how: `${server} of Debian forky` };
}

export interface RedisProcess extends ServerProcess {
  readonly port: number;
  /** What redis-cli prints. */
  cli(...args: readonly string[]): string;
}

export interface RedisProcessOptions {
  readonly role?: string;
  readonly port?: number;
  readonly config?: Readonly<Record<string, string>>;
  readonly sentinel?: boolean;
  readonly tls?: TlsFiles;
}

/** Kept on disk, so that a server that was killed has its data when it comes back. */
const STORED = { save: '', appendonly: 'yes', appendfsync: 'no', 'repl-diskless-sync-delay': '0' };

/** Lines of `name value`; settings that are given several times are joined by a line break in `config`. */
const lines = (config: Readonly<Record<string, string>>): string =>
  Object.entries(config)
    .flatMap(([name, values]) => values.split('\n').map((value) => `${name} ${value === '' ? '""' : value}\n`))
    .join('');

/** One process of Redis, Valkey or a Sentinel. */
export async function startRedisProcess(
  { place, server, cli }: RedisBinary,
  { role = 'server', config = {}, sentinel = false, tls, ...given }: RedisProcessOptions,
): Promise<RedisProcess> {
  const port = given.port ?? (await freePort());
  const directory = serverDirectory('redis', place);
  const file = join(directory, 'redis.conf');
  const listening = tls
    ? {
        port: '0',
        'tls-port': String(port),
        'tls-cert-file': tls.cert,
        'tls-key-file': tls.key,
        'tls-ca-cert-file': tls.ca,
        'tls-auth-clients': 'no',
        'tls-replication': 'yes',
        'tls-cluster': 'yes',
      }
    : { port: String(port) };
  const settings = { ...listening, bind: '127.0.0.1', dir: directory, ...(sentinel ? {} : STORED), ...config };
  serverFile(place, file, lines(settings));
  const secure = tls ? ['--tls', '--cacert', tls.ca] : [];
  const ask = (...args: readonly string[]): string =>
    runProgram(place, directory, cli, ['-p', String(port), ...secure, ...args]);
  const started = await startProcess({
    role,
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}/0`,
    place,
    program: server,
    args: sentinel ? [file, '--sentinel'] : [file],
    directory,
    // An error is an answer too: it wants a password. While it loads its data it says LOADING.
    ready: tls ? async () => isPong(() => ask('ping')) : () => answers(port, 'PING\r\n', /\+PONG|-NOAUTH|-DENIED/),
  });
  return { ...started, port, cli: ask };
}

function isPong(ask: () => string): boolean {
  try {
    return /PONG|NOAUTH/.test(ask());
  } catch {
    return false;
  }
}

/** Of a binary: what it says of itself. */
export const redisVersion = ({ place, server, title }: RedisBinary): string =>
  `${title} ${/v=([\d.]+)/.exec(runProgram(place, '/tmp', server, ['--version']))?.[1]}`;

async function startOne(
  service: 'redis' | 'valkey' | 'redis-tls',
  binary: RedisBinary | Missing,
  { config }: StartOptions,
): Promise<Server | Missing> {
  if ('missing' in binary) return binary;
  const tls = service === 'redis-tls' ? certificates() : undefined;
  const { dispose, ...node } = await startRedisProcess(binary, { config: config ?? {}, ...(tls ? { tls } : {}) });
  return {
    service,
    url: tls ? `${node.url}?ssl_cert_reqs=required&ssl_ca_certs=${encodeURIComponent(tls.ca)}` : node.url,
    version: redisVersion(binary),
    how: binary.how,
    ...(tls ? { tls } : {}),
    nodes: [node],
    [Symbol.asyncDispose]: dispose,
  };
}

export const startRedis = (options: StartOptions): Promise<Server | Missing> =>
  startOne('redis', redisBinary(), options);
export const startRedisTls = (options: StartOptions): Promise<Server | Missing> =>
  startOne('redis-tls', redisBinary(), options);
export const startValkey = (options: StartOptions): Promise<Server | Missing> =>
  startOne('valkey', valkeyBinary(), options);
