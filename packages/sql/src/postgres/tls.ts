import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';

/** How connections to one server speak TLS. */
export interface Tls {
  /** For the driver; undefined leaves it to its own default. */
  ssl(): TlsOptions | false | undefined;
  /** Whether to connect again, now without: the server has no TLS, and that is as good as with it. */
  fallsBack(error: unknown): boolean;
}

const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const;
const NAMES = ['sslmode', 'ssl', ...Object.keys(FILES), 'sslpassword'];

/**
 * libpq's parameters, whatever the driver makes of them. Files are read once.
 *
 * Errors: TypeError for a mode or parameter that is unknown, or a file that cannot be read.
 */
export function tlsOf(parameters: ReadonlyMap<string, string>, given?: TlsOptions): Tls {
  const unknown = [...parameters.keys()].find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`expected TLS parameters among ${NAMES.join(', ')} in the URL, got ${unknown.slice(0, 40)}`);
  const mode = modeOf(parameters);
  let plain = mode === 'disable';
  const ssl = given ?? settingsOf(mode, parameters);
  return {
    ssl: () => (plain && given === undefined ? false : ssl),
    fallsBack(error) {
      if (given !== undefined || mode !== 'prefer' || !isRefused(error)) return false;
      plain = true;
      return true;
    },
  };
}

const isRefused = (error: unknown): boolean => error instanceof Error && /does not support SSL/i.test(error.message);

const MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof MODES)[number];

/** `ssl` is how asyncpg and the driver itself spell it, whose `true` is the strictest. */
const SPELLINGS: ReadonlyMap<string, Mode> = new Map([
  ['allow', 'prefer'],
  ['true', 'verify-full'],
  ['1', 'verify-full'],
  ['false', 'disable'],
  ['0', 'disable'],
]);

function modeOf(parameters: ReadonlyMap<string, string>): Mode | undefined {
  const word = parameters.get('sslmode') ?? parameters.get('ssl');
  // Without either the driver speaks none, unless files for it are given.
  if (word === undefined) return parameters.size > 0 ? 'prefer' : undefined;
  const mode = SPELLINGS.get(word) ?? MODES.find((each) => each === word);
  if (mode === undefined) throw new TypeError(`expected sslmode to be one of allow, ${MODES.join(', ')}`);
  return mode;
}

function settingsOf(mode: Mode | undefined, parameters: ReadonlyMap<string, string>): TlsOptions | undefined {
  if (mode === undefined || mode === 'disable') return undefined;
  // `system`: the authorities that Node.js knows.
  const named = Object.entries(FILES).filter(([name]) => parameters.has(name) && parameters.get(name) !== 'system');
  const files = Object.fromEntries(named.map(([name, key]) => [key, read(name, parameters.get(name) ?? '')]));
  const passphrase = parameters.get('sslpassword');
  const common = { ...files, ...(passphrase !== undefined && { passphrase }) };
  if (mode === 'verify-full') return common;
  // As in libpq, `require` asks the authority that is given.
  if (mode !== 'verify-ca' && !(mode === 'require' && 'ca' in files)) return { ...common, rejectUnauthorized: false };
  // Else anyone with a certificate of a public authority could pass for the server.
  if (!('ca' in files)) throw new TypeError('expected a file as sslrootcert beside sslmode=verify-ca');
  return { ...common, checkServerIdentity: () => undefined };
}

function read(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TypeError(`expected a file that can be read as ${name}, got ${file}`, { cause });
  }
}
