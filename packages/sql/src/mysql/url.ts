import { readFileSync } from 'node:fs';
import type { MysqlTlsOptions } from './options.js';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly ssl?: MysqlTlsOptions | undefined;
}

/** Settings of Python's drivers that have no meaning here. */
const PYTHON_ONLY = new Set(['charset', 'use_unicode', 'binary_prefix', 'local_infile', 'autocommit']);

const MYSQL_PORT = 3306;

/**
 * As SQLAlchemy and Celery spell it: `mysql://user:password@host:3306/database`, with `db+` in front, with a driver
 * (`mysql+pymysql`), `mariadb`, with `ssl_ca`, `ssl_cert`, `ssl_key`, `ssl_check_hostname`, `ssl_disabled`, `unix_socket`.
 *
 * Errors: TypeError that never shows the URL.
 */
export function parseMysqlUrl(url: string): Target {
  const parts = /^(?:db\+)?(?:mysql|mariadb)(?:\+\w+)?:\/\/(?:(.*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/is.exec(url);
  const [, host, port] = /^(\[[^\]]+\]|[^:]*)(?::(\d{1,5}))?$/.exec(parts?.[2] ?? '') ?? [undefined, undefined];
  if (parts === null || host === undefined)
    throw new TypeError('expected a URL such as mysql://user:password@host:3306/database');
  const [user = '', password] = (parts[1] ?? '').split(/:(.*)/s);
  const parameters = new Map(new URLSearchParams(parts[4] ?? ''));
  const target = {
    host: host.replace(/^\[|\]$/g, '') || 'localhost',
    port: port === undefined ? MYSQL_PORT : Number(port),
    user: decode(user) || undefined,
    password: password === undefined ? undefined : decode(password),
    database: decode(parts[3] ?? '') || undefined,
    socketPath: take(parameters, 'unix_socket'),
    ssl: tlsOf(parameters),
  };
  for (const name of parameters.keys())
    if (!PYTHON_ONLY.has(name)) throw new TypeError(`expected no parameter ${name.slice(0, 40)} in a MySQL URL`);
  return target;
}

function tlsOf(parameters: Map<string, string>): MysqlTlsOptions | undefined {
  const files = {
    ca: take(parameters, 'ssl_ca'),
    cert: take(parameters, 'ssl_cert'),
    key: take(parameters, 'ssl_key'),
  };
  const checkHost = take(parameters, 'ssl_check_hostname');
  const on = take(parameters, 'ssl');
  const disabled = isTrue(take(parameters, 'ssl_disabled'));
  const given = Object.entries(files).flatMap(([name, file]) => (file ? [[name, file] as const] : []));
  if (disabled || (given.length === 0 && !isTrue(on))) return undefined;
  return {
    ...Object.fromEntries(given.map(([name, file]) => [name, readFileSync(file)])),
    rejectUnauthorized: true,
    ...(checkHost?.toLowerCase() === 'false' ? { verifyIdentity: false } : {}),
  };
}

const isTrue = (text: string | undefined): boolean => /^(true|1|yes)$/i.test(text ?? '');

function take(parameters: Map<string, string>, name: string): string | undefined {
  const value = parameters.get(name);
  parameters.delete(name);
  return value;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('expected percent-encoding in the URL to be sound: write % as %25');
  }
}
