import { createResultBackend, type ResultBackend } from './backend.js';
import type { ResultBackendOptions } from './backend-options.js';
import type { ResultStore } from './contract.js';
import { ResultError } from './errors.js';
import { describe, expectId, expectObject } from './expect.js';
import { memoryStore } from './memory.js';

/** Makes a store from a URL; nothing is sent yet. An adapter exports one as `storeFromUrl`. */
export type StoreOpener = (
  url: string,
  options: Readonly<Record<string, unknown>>,
) => ResultStore | Promise<ResultStore>;

export interface ConnectOptions extends ResultBackendOptions {
  /** Handed to the adapter: what its own store function takes besides the URL. */
  readonly store?: Readonly<Record<string, unknown>> | undefined;
  /** Imports the adapter where @rb/core cannot reach it (bundlers): `(name) => import(name)` in your own code. */
  readonly load?: ((specifier: string) => Promise<unknown>) | undefined;
}

interface Adapter {
  readonly specifier: string;
  readonly install: string;
}

const REDIS: Adapter = { specifier: '@rb/redis', install: '@rb/redis ioredis' };
const POSTGRES: Adapter = { specifier: '@rb/sql/postgres', install: '@rb/sql @rb/serializers pg' };
const MYSQL: Adapter = { specifier: '@rb/sql/mysql', install: '@rb/sql @rb/serializers mysql2' };
const SQLITE: Adapter = { specifier: '@rb/sql/sqlite', install: '@rb/sql @rb/serializers better-sqlite3' };
const MONGO: Adapter = { specifier: '@rb/mongo', install: '@rb/mongo mongodb' };
const RPC: Adapter = { specifier: '@rb/rpc', install: '@rb/rpc amqplib' };

/** Celery's spellings and the usual ones. Of `db+postgresql+psycopg2` the dialect counts: `postgresql`. */
const schemes = new Map<string, Adapter | StoreOpener>(
  Object.entries({
    redis: REDIS,
    rediss: REDIS,
    socket: REDIS,
    sentinel: REDIS,
    postgresql: POSTGRES,
    postgres: POSTGRES,
    mysql: MYSQL,
    mariadb: MYSQL,
    sqlite: SQLITE,
    mongodb: MONGO,
    rpc: RPC,
    amqp: RPC,
    amqps: RPC,
    pyamqp: RPC,
    memory: (_url: string, options: object) => memoryStore(options),
  }),
);

/** Adds a scheme, or replaces one, for the whole process; the returned function takes it back. */
export function registerScheme(scheme: string, opener: StoreOpener): () => void {
  expectId(scheme, 'scheme');
  if (typeof opener !== 'function') throw new TypeError(`expected a function as opener, got ${describe(opener)}`);
  const name = scheme.toLowerCase();
  const before = schemes.get(name);
  schemes.set(name, opener);
  return () => {
    // Whoever replaced it since stays.
    if (schemes.get(name) !== opener) return;
    if (before) schemes.set(name, before);
    else schemes.delete(name);
  };
}

/**
 * A backend on the store that the URL names, its adapter imported on demand. Nothing is sent before the first call.
 *
 * Errors: TypeError for a URL that names no known scheme; RB_UNSUPPORTED, saying what to install, where the adapter is missing.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<ResultBackend> {
  expectObject(options, 'options');
  const { store = {}, load, ...backendOptions } = options;
  return createResultBackend(await openStore(url, store, load), backendOptions);
}

/** The store alone, for composing: dual writes, tracing. Errors: as `connect`. */
export async function openStore(
  url: string,
  options: Readonly<Record<string, unknown>> = {},
  load: (specifier: string) => Promise<unknown> = (specifier) => import(/* @vite-ignore */ specifier),
): Promise<ResultStore> {
  expectObject(options, 'the options of the store');
  if (typeof load !== 'function') throw new TypeError(`expected a function as load, got ${describe(load)}`);
  const scheme = schemeOf(url);
  const known = schemes.get(scheme) ?? schemes.get(dialectOf(scheme));
  if (known === undefined) {
    const names = [...schemes.keys()].join(', ');
    throw new TypeError(
      `expected a URL of one of the schemes ${names}, got ${describe(scheme)}; registerScheme() adds one`,
    );
  }
  const open = typeof known === 'function' ? known : await openerOf(known, load);
  return open(url, options);
}

function schemeOf(url: unknown): string {
  const scheme = typeof url === 'string' ? /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1] : undefined;
  // Nothing of it is shown: what has no scheme may well be a password.
  if (scheme === undefined)
    throw new TypeError('expected a URL such as redis://host:6379/0, got text without a scheme');
  return scheme.toLowerCase();
}

/** `db+postgresql+psycopg2` -> postgresql, `mongodb+srv` -> mongodb, `redis+socket` -> redis, `cache+memory` -> memory. */
const dialectOf = (scheme: string): string => scheme.replace(/^(?:db|cache)\+/, '').replace(/\+.*$/, '');

async function openerOf(
  { specifier, install }: Adapter,
  load: (specifier: string) => Promise<unknown>,
): Promise<StoreOpener> {
  let adapter: unknown;
  try {
    adapter = await load(specifier);
  } catch (cause) {
    if (!isMissing(cause, specifier))
      throw new ResultError('RB_STORE', `${specifier} could not be loaded; see the cause`, { cause });
    throw new ResultError('RB_UNSUPPORTED', `${specifier} is not installed: npm install ${install}`, { cause });
  }
  const open = (adapter as { readonly storeFromUrl?: unknown } | null)?.storeFromUrl;
  if (typeof open === 'function') return open as StoreOpener;
  throw new ResultError('RB_CONTRACT', `${specifier} has no storeFromUrl: update it to a version that fits @rb/core`);
}

const MISSING_CODES: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'];

/** Node has codes for it; bundlers put a module in its place that throws no more than words. */
function isMissing(cause: unknown, specifier: string): boolean {
  const { code, message } = (cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (MISSING_CODES.includes(code)) return true;
  return (
    typeof message === 'string' && message.includes(specifier) && /(?:not|failed to) (?:resolve|find)/i.test(message)
  );
}
