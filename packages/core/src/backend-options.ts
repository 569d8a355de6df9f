import type { ResultStore } from './contract.js';
import { checkRule, type ExpiryRule } from './durations.js';
import { ResultError } from './errors.js';
import { describe, expectObject } from './expect.js';
import { checkRetry, type RetryOptions } from './retry.js';

export interface ResultBackendOptions {
  /** How long records and groups are kept. @default '1d' where the store can expire records, as Celery; else null */
  readonly expiresIn?: ExpiryRule | undefined;
  /** Store nothing, unless a call says otherwise. @default false */
  readonly ignoreResult?: boolean | undefined;
  /** Store FAILURE and REVOKED even where results are ignored. @default false */
  readonly storeErrorsEvenIfIgnored?: boolean | undefined;
  /** Repeats what failed with a retryable error; false turns it off. @default 12 attempts within 10 s */
  readonly retry?: RetryOptions | false | undefined;
  /** Between the reads of waits where the store cannot push, at least; at most twice as long. @default 100 */
  readonly pollMs?: number | undefined;
  /** Between the reads that back up push. @default 10_000 */
  readonly safetyPollMs?: number | undefined;
  /** Concurrent calls of one tick become batches of at most so many records ... @default 500 */
  readonly maxBatchItems?: number | undefined;
  /** ... and about so many bytes. @default 4 MiB */
  readonly maxBatchBytes?: number | undefined;
  /** Failures that no caller awaits: a subscription being re-established, a poll that will be repeated. What it throws is ignored. */
  readonly onBackgroundError?: ((error: ResultError) => void) | undefined;
  /** Unix milliseconds. @default Date.now */
  readonly now?: (() => number) | undefined;
}

type Settings = Omit<ResultBackendOptions, 'expiresIn'>;

export interface ResolvedOptions extends Required<{ [K in keyof Settings]: Exclude<Settings[K], undefined> }> {
  readonly expiresIn?: ExpiryRule | undefined;
}

const DEFAULTS: ResolvedOptions = {
  ignoreResult: false,
  storeErrorsEvenIfIgnored: false,
  retry: {},
  pollMs: 100,
  safetyPollMs: 10_000,
  maxBatchItems: 500,
  // Well below every server's own limit for one message (MySQL's max_allowed_packet: 16 MiB).
  maxBatchBytes: 4 * 1024 * 1024,
  onBackgroundError: () => {},
  now: Date.now,
};

/** Errors: TypeError for what is out of range; RB_UNSUPPORTED where the store cannot do what is asked. */
export function resolveOptions(store: ResultStore, options: ResultBackendOptions): ResolvedOptions {
  expectObject(options, 'options');
  const known = ['expiresIn', ...Object.keys(DEFAULTS)];
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`expected options among ${known.join(', ')}, got ${describe(key)}`);
  }
  checkRule(options.expiresIn);
  if (options.expiresIn !== undefined && options.expiresIn !== null && store.expiry === undefined) {
    throw new ResultError(
      'RB_UNSUPPORTED',
      `${store.name} cannot expire records: leave expiresIn out, or use a layout or store that can`,
    );
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved: ResolvedOptions = { ...DEFAULTS, ...given };
  checkRetry(resolved.retry);
  for (const key of ['ignoreResult', 'storeErrorsEvenIfIgnored', 'onBackgroundError', 'now'] as const) {
    const type = typeof DEFAULTS[key];
    if (typeof resolved[key] !== type) {
      throw new TypeError(`expected a ${type} as ${key}, got ${describe(resolved[key])}`);
    }
  }
  for (const key of ['pollMs', 'safetyPollMs', 'maxBatchItems', 'maxBatchBytes'] as const) {
    if (!(typeof resolved[key] === 'number' && resolved[key] > 0)) {
      throw new TypeError(`expected a positive number as ${key}, got ${describe(resolved[key])}`);
    }
  }
  return resolved;
}
