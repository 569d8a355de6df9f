import type { ClauseContext } from './context.js';
import type { OpenVariant } from './harness.js';

/** MUST fails a run, SHOULD warns. */
export type Level = 'MUST' | 'SHOULD';

/** What a clause cannot be checked without. All of a clause's needs must be met. */
export type Need =
  /** Capabilities: where the store does not declare them the clause is `not-declared`. */
  | 'notify'
  | 'expiry'
  | 'sweep'
  | 'groups'
  | 'scan'
  | 'stats'
  /** Traits: likewise. */
  | 'any-reader'
  | 'owner'
  | 'durable'
  /** `maxBytes` up to 64 MiB; beyond it is `not-verifiable`. */
  | 'bounded-size'
  | 'holds-1-mib'
  /** Powers of the harness: where it lacks them the clause is `no-power`. */
  | 'faults'
  | 'raw'
  | 'vectors'
  | 'restart'
  | 'second-process'
  | 'movable-clock'
  | 'virtual-clock'
  | 'raw-or-scan'
  /** A pair of stores, and its two sides. */
  | 'dual'
  | OpenVariant
  /** Runs in the profile `soak` alone. */
  | 'soak';

/** One testable sentence of the contract, as data: every runner, the CLI and the report derive from one list. */
export interface Clause {
  /** Never reused or re-meant. */
  readonly id: string;
  /** The version of the contract's text that brought it. */
  readonly since: string;
  readonly level: Level;
  /** Judged on the store itself, or through the backend that holds it. */
  readonly surface: 'store' | 'backend';
  readonly text: string;
  /** What usually is wrong, and what to do. */
  readonly hint: string;
  /** Where the demand comes from. */
  readonly source: string;
  readonly needs?: readonly Need[] | undefined;
  /** Longest time it may take, before patience. @default 20000 */
  readonly limitMs?: number | undefined;
  run(t: ClauseContext): Promise<void>;
}

export type Status =
  | 'pass'
  | 'fail'
  /** A SHOULD that does not hold. */
  | 'warn'
  /** The store does not promise it. */
  | 'not-declared'
  /** The harness cannot show it: no faults, no raw access ... */
  | 'no-power'
  /** Nobody can show it here. */
  | 'not-verifiable'
  /** Left out by the profile. */
  | 'not-in-profile';

export interface ClauseResult {
  readonly id: string;
  readonly level: Level;
  readonly text: string;
  readonly status: Status;
  readonly ms: number;
  /** What was seen instead; of `fail` and `warn`. */
  readonly observed?: string | undefined;
  /** Why it was not checked; of all that is neither pass, fail nor warn. */
  readonly reason?: string | undefined;
  /** The calls that led there, oldest first; of `fail` and `warn`. */
  readonly timeline?: readonly string[] | undefined;
}
