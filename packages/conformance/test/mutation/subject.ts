import { isDeepStrictEqual } from 'node:util';
import {
  CLAUSES,
  type Clause,
  type ClauseResult,
  createSuite,
  formatFailure,
  type Harness,
  type Profile,
} from '@rb/conformance';
import { REFERENCES } from '@rb/conformance/reference';
import { SABOTEURS, type Saboteur, sabotaged } from '@rb/conformance/saboteurs';
import { nullHarness } from './null-stores.ts';

/** What one process finds out about one saboteur or null store. */
export interface Finding {
  readonly name: string;
  /** Ids of the clauses that failed, and of those that held. */
  readonly failed: readonly string[];
  readonly passed: readonly string[];
  /** What a reader is told of the clause that must fail; undefined where it did not. */
  readonly text?: string | undefined;
  readonly observed?: string | undefined;
  /** Whether a user can see the bug. */
  readonly exposed?: boolean | undefined;
  /** How the process ended, where it was not with a finding. */
  readonly crashed?: string | undefined;
  readonly ms: number;
  /** The slowest clauses, for who wants the whole check faster. */
  readonly slowest: readonly string[];
}

/** Of a store that does nothing: it is to fail them all. */
const NO_TARGET = '';

/** Any; the same in every run, so that the table does not depend on the order. */
const SEED = 1;

/** What never happens is waited for in every run, so briefly; what does happen takes a tenth of this. */
const SETTLE_MS = 1_000;

/** The model tries sequences for so long; the bugs that it alone finds are rare ones. */
const MODEL_SETTLE_MS = 10_000;

export async function findingOf(name: string): Promise<Finding> {
  const saboteur = SABOTEURS.find((each) => each.name === name);
  if (saboteur === undefined) return { ...(await judge(name, nullHarness(name), NO_TARGET, 100)), exposed: undefined };
  const reference = REFERENCES[saboteur.on];
  if (reference === undefined) throw new Error(`${name} spoils ${saboteur.on}, and there is no such reference store`);
  const honest = { ...reference, settleMs: saboteur.violates.startsWith('MOD-') ? MODEL_SETTLE_MS : SETTLE_MS };
  const spoilt = sabotaged(honest, saboteur);
  // One after the other: some count what the whole process holds.
  const seen = [await seenOn(honest, saboteur), await seenOn(spoilt, saboteur)];
  return { ...(await judge(name, spoilt, saboteur.violates)), exposed: !isDeepStrictEqual(seen[0], seen[1]) };
}

async function seenOn(harness: Harness, { exposes }: Saboteur): Promise<unknown> {
  const world = await harness.world();
  try {
    return await exposes(world, harness);
  } finally {
    await world.dispose();
  }
}

/**
 * The whole kit. The harness' own clauses run apart unless one of them is the target: where they fail nothing else is judged,
 * and a store with a bug is not to hide behind them.
 */
async function judge(
  name: string,
  harness: Harness,
  target: string,
  limitMs?: number,
): Promise<Omit<Finding, 'exposed'>> {
  const started = performance.now();
  const results: ClauseResult[] = [];
  let text: string | undefined;
  for (const { clauses, profile } of partsOf(target)) {
    const suite = createSuite(harness, { seed: SEED, clauses, profile, limitMs });
    for (const clause of suite.clauses) {
      const isTarget = clause.id === target;
      let result = await suite.check(clause);
      // A busy machine fails something now and then, and hides a race: what is not as it should be is tried again.
      if (hasFailed(result) !== isTarget) result = await suite.check(clause);
      if (isTarget) text = formatFailure(clause, result, harness, suite);
      results.push(result);
    }
  }
  const failed = results.filter(hasFailed);
  return {
    name,
    failed: failed.map(({ id }) => id).toSorted(),
    passed: results.filter(({ status }) => status === 'pass').map(({ id }) => id),
    text,
    observed: failed.find(({ id }) => id === target)?.observed,
    ms: performance.now() - started,
    slowest: results
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, 5)
      .map(({ id, ms }) => `${id} ${ms.toFixed(0)} ms`),
  };
}

const hasFailed = ({ status }: ClauseResult): boolean => status === 'fail' || status === 'warn';

/** No honest store comes near it in a clause that is not the target; one that waits for ever does, in many. */
const BESIDES_LIMIT_MS = 10_000;

interface Part {
  readonly clauses: readonly Clause[];
  readonly profile: Profile;
}

function partsOf(target: string): readonly Part[] {
  const isOfHarness = ({ id }: Clause): boolean => id.startsWith('HAR-');
  const isSoak = ({ id, needs = [] }: Clause): boolean => id === target && needs.includes('soak');
  // The model tries everything, takes longest, and counts for nothing where it is not the target (see table.ts).
  const isLeftOut = ({ id }: Clause): boolean =>
    id.startsWith('MOD-') && !target.startsWith('MOD-') && target !== NO_TARGET;
  const rest = CLAUSES.filter((clause) => !isSoak(clause) && !isLeftOut(clause)).map((clause) => ({
    ...clause,
    limitMs: clause.id === target ? clause.limitMs : BESIDES_LIMIT_MS,
  }));
  const full = target.startsWith('HAR-')
    ? [rest]
    : [rest.filter(isOfHarness), rest.filter((clause) => !isOfHarness(clause))];
  return [
    ...full.map((clauses) => ({ clauses, profile: 'full' as const })),
    { clauses: CLAUSES.filter(isSoak), profile: 'soak' as const },
  ];
}
