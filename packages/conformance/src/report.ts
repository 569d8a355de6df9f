import { CONTRACT_VERSION, type StoreTraits } from '@rb/core';
import type { Profile } from './budget.js';
import type { ClauseResult, Status } from './clause.js';
import type { Facts } from './facts.js';
import { inOrder } from './groups.js';
import type { Harness } from './harness.js';
import { KIT_VERSION } from './kit-version.js';
import { NOT_VERIFIABLE } from './not-checked.js';
import type { Suite } from './suite.js';

/** One run, whole: what `--json` writes, and what tables and badges are made from. */
export interface Report {
  readonly kit: string;
  readonly contract: number;
  readonly harness: string;
  readonly store: { readonly name: string; readonly version?: string | undefined };
  /** Product and version, as the server says it. */
  readonly server?: string | undefined;
  readonly runtime: string;
  readonly profile: Profile;
  readonly seed: number;
  /** Null where no world could be made. `maxBytes` is null for Infinity, which JSON cannot carry. */
  readonly traits: (Omit<StoreTraits, 'maxBytes'> & { readonly maxBytes: number | null }) | null;
  readonly capabilities: readonly string[];
  /** How late a deadline takes effect, at most; null where nothing expires. */
  readonly expiryResolutionMs: number | null;
  readonly faults: boolean;
  readonly ms: number;
  /** Whether every MUST that was checked holds. */
  readonly conforms: boolean;
  readonly counts: Readonly<Record<Status, number>>;
  readonly clauses: readonly ClauseResult[];
  /** What no kit can show. */
  readonly notVerifiable: readonly string[];
}

const NO_COUNTS: Readonly<Record<Status, number>> = {
  pass: 0,
  fail: 0,
  warn: 0,
  'not-declared': 0,
  'no-power': 0,
  'not-verifiable': 0,
  'not-in-profile': 0,
};

/** @param results In any order; the report lists them in the contract's. */
export async function reportOf(
  harness: Harness,
  suite: Suite,
  results: readonly ClauseResult[],
  ms: number,
): Promise<Report> {
  const facts = await suite.facts().catch((): Facts | undefined => undefined);
  const about = facts && (await harness.about?.());
  const counts = { ...NO_COUNTS };
  for (const { status } of results) counts[status] += 1;
  const traits = facts?.traits;
  return {
    kit: KIT_VERSION,
    contract: CONTRACT_VERSION,
    harness: harness.name,
    store: { name: facts?.storeName ?? harness.name, version: about?.storeVersion },
    server: about?.server,
    runtime: `Node.js ${process.versions.node}`,
    profile: suite.profile,
    seed: suite.seed,
    traits: traits ? { ...traits, maxBytes: Number.isFinite(traits.maxBytes) ? traits.maxBytes : null } : null,
    capabilities: facts?.capabilities ?? [],
    expiryResolutionMs: facts?.expiryResolutionMs ?? null,
    faults: facts?.faults ?? false,
    ms,
    conforms: counts.fail === 0 && counts.pass > 0,
    counts,
    clauses: inOrder(results),
    notVerifiable: NOT_VERIFIABLE,
  };
}
