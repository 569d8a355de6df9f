import { type Duration, isReady, type TaskState, toMs } from '@rb/core';

/** How long a record is kept: core's durations, such as `'90d'`. */
export type Keep = Duration | 'forever';

/** Patterns are compared with the whole text, case and all; `*` stands for any characters, `?` for one. */
export interface RetentionTier {
  /** @default the ready ones: SUCCESS, FAILURE, REVOKED */
  readonly states?: readonly TaskState[] | undefined;
  readonly name?: string | undefined;
  readonly queue?: string | undefined;
  readonly worker?: string | undefined;
  /** Counted from `doneAt`; of a record that is not ready, from its last write. */
  readonly keep: Keep;
}

/** What no duration is given for is kept. A record past its own deadline is removed in any case. */
export interface RetentionPolicy {
  /** The first that fits a record decides. */
  readonly tiers?: readonly RetentionTier[] | undefined;
  /** For ready records that no tier fits. @default 'forever' */
  readonly default?: Keep | undefined;
  /** For records that are not ready and whose state no tier names: STARTED for ever, say. @default 'forever' */
  readonly stale?: Keep | undefined;
  /** For groups, from when they were saved. @default 'forever' */
  readonly groups?: Keep | undefined;
}

const PATTERNS = ['name', 'queue', 'worker'] as const;

/** A tier, checked. */
export interface Rule {
  /** Undefined: any. */
  readonly states: readonly string[] | undefined;
  readonly patterns: readonly (readonly [column: (typeof PATTERNS)[number], pattern: string])[];
  /** Null for ever. */
  readonly keepMs: number | null;
}

export interface Rules {
  /** The policy's tiers, then the default, then the one for stale records; each record fits one of them. */
  readonly all: readonly Rule[];
  readonly groupsMs: number | null;
}

export const READY_STATES: readonly TaskState[] = ['SUCCESS', 'FAILURE', 'REVOKED'];

/** Errors: TypeError for what is no policy. */
export function rulesOf(policy: RetentionPolicy): Rules {
  expectKeys(policy, 'the policy', ['tiers', 'default', 'stale', 'groups']);
  const { tiers = [], stale = 'forever', groups = 'forever' } = policy;
  if (!Array.isArray(tiers)) throw mistake('an array as tiers', tiers);
  return {
    all: [
      ...tiers.map(ruleOf),
      { states: READY_STATES, patterns: [], keepMs: keepMsOf(policy.default ?? 'forever') },
      { states: undefined, patterns: [], keepMs: keepMsOf(stale) },
    ],
    groupsMs: keepMsOf(groups),
  };
}

/** Of ready records; Infinity where they are all kept. */
export const shortestMs = ({ all }: Rules): number =>
  Math.min(...all.map(({ states, keepMs }) => (states?.some(isReady) && keepMs) || Number.POSITIVE_INFINITY));

/** Whether any record that is not ready may be due. */
export const concernsOpen = ({ all }: Rules): boolean =>
  all.some(({ states, keepMs }) => keepMs !== null && !states?.every(isReady));

function ruleOf(tier: RetentionTier, index: number): Rule {
  const place = `tiers[${index}]`;
  expectKeys(tier, place, ['states', 'keep', ...PATTERNS]);
  const { states = READY_STATES, keep } = tier;
  if (!(Array.isArray(states) && states.length > 0 && states.every(isText)))
    throw mistake(`an array of states as ${place}.states`, states);
  for (const name of PATTERNS)
    if (tier[name] !== undefined && !isText(tier[name])) throw mistake(`a pattern as ${place}.${name}`, tier[name]);
  if (keep === undefined) throw mistake(`a duration or 'forever' as ${place}.keep`, keep);
  const patterns = PATTERNS.flatMap((name) => {
    const pattern = tier[name];
    return pattern === undefined ? [] : [[name, pattern] as const];
  });
  return { states, patterns, keepMs: keepMsOf(keep) };
}

const keepMsOf = (keep: Keep): number | null => (keep === 'forever' ? null : toMs(keep));

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function expectKeys(value: unknown, what: string, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mistake(`an object as ${what}`, value);
  for (const key of Object.keys(value))
    if (!known.includes(key)) throw new TypeError(`expected ${known.join(', ')} in ${what}, got ${key.slice(0, 40)}`);
}

export const mistake = (expected: string, value: unknown): TypeError =>
  new TypeError(
    `expected ${expected}, got ${value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value}`,
  );
