import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';

/** Where to connect, as a URL says it. */
export type Target = {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly db: number;
  readonly tls?: TlsOptions | undefined;
  /** Query parameters with another meaning than the above, by name. */
  readonly parameters: ReadonlyMap<string, string>;
} & Place;

type Place =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'sentinel'; readonly hosts: readonly Host[] };

export interface Host {
  readonly host: string;
  readonly port: number;
}

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26379;

/**
 * Celery's spellings: redis, rediss (with ssl_* parameters), redis+socket and sentinel lists joined by `;`.
 *
 * Errors: TypeError that names what is wrong, and never shows the URL.
 * Source: celery/backends/redis.py `_params_from_url`, kombu/utils/url.py.
 */
export function parseRedisUrl(url: string): Target {
  const [first = '', ...more] = url.split(/;(?=sentinel:\/\/)/i);
  const main = split(first);
  const scheme = main.scheme;
  const parameters = new Map(main.query);
  const user = userOf(main.userInfo, parameters);
  const db = databaseOf(parameters.get('virtual_host') ?? parameters.get('db') ?? (isSocket(scheme) ? '' : main.path));
  const tls = tlsOf(scheme, parameters);
  for (const name of ['virtual_host', 'db', 'username', 'password']) parameters.delete(name);
  const place = placeOf(scheme, main, more);
  return { ...place, ...user, db, tls, parameters };
}

interface Parts {
  readonly scheme: string;
  readonly userInfo: string;
  readonly hosts: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
}

function split(url: string): Parts {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/(?:(.*)@)?([^/?]*)([^?]*)(?:\?(.*))?$/is.exec(url);
  if (parts === null) throw new TypeError('expected a URL such as redis://:password@host:6379/0');
  const [, scheme = '', userInfo = '', hosts = '', path = '', query = ''] = parts;
  const pairs = query
    .split('&')
    .filter(Boolean)
    .map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      return [decode(name), decode(value)];
    });
  return { scheme: scheme.toLowerCase(), userInfo, hosts, path: decode(path), query: pairs };
}

const isSocket = (scheme: string): boolean => scheme === 'socket' || scheme === 'redis+socket' || scheme === 'unix';

function placeOf(scheme: string, { hosts, path }: Parts, more: readonly string[]): Place {
  if (scheme === 'sentinel') {
    const all = [hosts, ...more.map((url) => split(url).hosts)].flatMap((each) => each.split(','));
    return { kind: 'sentinel', hosts: all.map((each) => hostOf(each, SENTINEL_PORT)) };
  }
  if (more.length > 0) throw new TypeError('expected a list of URLs only for sentinel://');
  if (isSocket(scheme)) {
    const file = `${decode(hosts)}${path}`;
    if (file === '') throw new TypeError('expected the path of a socket, such as redis+socket:///run/redis.sock');
    return { kind: 'socket', path: file };
  }
  if (scheme !== 'redis' && scheme !== 'rediss' && scheme !== 'valkey' && scheme !== 'valkeys') {
    throw new TypeError(`expected a URL of redis, rediss, redis+socket or sentinel, got ${scheme}`);
  }
  return { kind: 'tcp', ...hostOf(hosts, REDIS_PORT) };
}

function hostOf(text: string, defaultPort: number): Host {
  const [, host = '', port] = /^(\[[^\]]+\]|[^:]*)(?::(\d+))?$/.exec(text) ?? [];
  if (host === undefined || (port !== undefined && Number(port) > 65_535))
    throw new TypeError('expected host:port in the URL');
  return {
    host: decode(host).replace(/^\[|\]$/g, '') || 'localhost',
    port: port === undefined ? defaultPort : Number(port),
  };
}

function userOf(userInfo: string, parameters: ReadonlyMap<string, string>): Pick<Target, 'username' | 'password'> {
  const [username = '', password] = userInfo.split(/:(.*)/s);
  return {
    username: parameters.get('username') ?? (decode(username) || undefined),
    password: parameters.get('password') ?? (password === undefined ? undefined : decode(password) || undefined),
  };
}

function databaseOf(text: string): number {
  const digits = text.replace(/^\//, '');
  if (digits === '') return 0;
  if (!/^\d+$/.test(digits)) throw new TypeError('expected the number of a database after the host, such as /0');
  return Number(digits);
}

/** By redis-py's names. Celery refuses ssl_* on redis://, and rediss:// without ssl_cert_reqs; the latter means `required` here. */
function tlsOf(scheme: string, parameters: Map<string, string>): TlsOptions | undefined {
  const take = (name: string): string | undefined => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value;
  };
  const requirement = take('ssl_cert_reqs');
  const files = { ca: 'ssl_ca_certs', cert: 'ssl_certfile', key: 'ssl_keyfile' };
  const named = Object.entries(files).flatMap(([option, name]) => {
    const file = take(name);
    return file ? [{ option, name, file }] : [];
  });
  const checkHost = take('ssl_check_hostname');
  const given = requirement !== undefined || checkHost !== undefined || named.length > 0;
  if (scheme !== 'rediss' && scheme !== 'valkeys') {
    if (given) throw new TypeError('expected rediss:// where the URL has ssl_ parameters');
    return undefined;
  }
  const level = (requirement ?? 'required').replace(/^CERT_/i, '').toLowerCase();
  if (!['required', 'optional', 'none'].includes(level)) {
    throw new TypeError('expected ssl_cert_reqs to be required, optional or none');
  }
  return {
    ...Object.fromEntries(named.map(({ option, name, file }) => [option, contentOf(name, file)])),
    rejectUnauthorized: level === 'required',
    ...(checkHost?.toLowerCase() === 'false' ? { checkServerIdentity: () => undefined } : {}),
  };
}

function contentOf(parameter: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new TypeError(
      `expected ${parameter} to name a file that can be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('expected percent-encoding in the URL to be sound: write % as %25');
  }
}
