import { budgetOf, type Profile } from './budget.js';
import type { Clause, ClauseResult } from './clause.js';
import { CLAUSES } from './clauses/clauses.js';
import { createContext } from './create-context.js';
import { evidence, NotChecked, show, Violation } from './evidence.js';
import { type Facts, factsOf, gateOf } from './facts.js';
import { groupOf } from './groups.js';
import type { Harness } from './harness.js';
import { randomOf } from './random.js';
import { collectStrays } from './strays.js';
import { createTracer, type Finding } from './trace.js';

export interface SuiteOptions {
  /** `quick`: one round, no faults; `full`: for every change; `soak`: for the night. @default 'full' */
  readonly profile?: Profile | undefined;
  /** Order and choices of a run; the same seed repeats it. @default random */
  readonly seed?: number | undefined;
  /** Ids of clauses or of groups of them: `STA-1`, `CON`. @default all */
  readonly only?: readonly string[] | undefined;
  /** Longest time for one clause, before patience. @default each clause's own */
  readonly limitMs?: number | undefined;
  /** Instead of the kit's own. */
  readonly clauses?: readonly Clause[] | undefined;
}

export interface Suite {
  readonly profile: Profile;
  readonly seed: number;
  /** In the order in which they are to be run. */
  readonly clauses: readonly Clause[];
  /** Never rejects. */
  check(clause: Clause): Promise<ClauseResult>;
  /** What the store declares; rejects where the harness cannot make a world. */
  facts(): Promise<Facts>;
  /** The longest that `check` can take, for runners with a time-out of their own. */
  longestMs(clause: Clause): number;
}

/** They judge all calls of the run, so they come last. */
const COLLECTORS = new Set(['ERR-1', 'ERR-6', 'LEA-6']);

const DEFAULT_LIMIT_MS = 20_000;
/** A soak repeats what a full run does once or a few times. */
const SOAK_LIMIT_FACTOR = 15;

/**
 * One run over one harness. Clauses may be checked in any order, one after the other.
 *
 * Errors: TypeError where `only` names what is no clause.
 */
export function createSuite(harness: Harness, options: SuiteOptions = {}): Suite {
  const { profile = 'full', seed = Math.floor(Math.random() * 1e6), only = [], clauses: all = CLAUSES } = options;
  checkChoice(only, all);
  const patience = harness.patience ?? 1;
  const budget = budgetOf(profile, harness);
  const findings: Finding[] = [];
  const strays: string[] = [];
  let unsound: string | undefined;
  let known: Promise<Facts> | undefined;
  const facts = (): Promise<Facts> => {
    known ??= withinLimit('opening a first handle', DEFAULT_LIMIT_MS * patience, () =>
      factsOf(harness, budget.settleMs),
    );
    return known;
  };
  const limitOf = ({ limitMs = DEFAULT_LIMIT_MS }: Clause): number =>
    (options.limitMs ?? limitMs * (profile === 'soak' ? SOAK_LIMIT_FACTOR : 1)) * patience;

  async function judge(clause: Clause): Promise<Pick<ClauseResult, 'status' | 'observed' | 'reason' | 'timeline'>> {
    const left = leftOut(clause, profile);
    if (left) return { status: 'not-in-profile', reason: left };
    const isHarnessCheck = clause.id.startsWith('HAR-');
    if (unsound !== undefined && !isHarnessCheck) {
      return { status: 'no-power', reason: `the harness is not sound: ${unsound}` };
    }
    const failed = clause.level === 'MUST' ? 'fail' : 'warn';
    const listening = collectStrays();
    const tracer = createTracer(findings);
    try {
      const gate = gateOf(clause, await facts());
      if (gate) return gate;
      await runClause(clause, tracer, listening.seen);
      await listening.settle();
      if (listening.seen.length > 0) throw new Violation(listening.seen.join('; '));
      return { status: 'pass' };
    } catch (error) {
      if (error instanceof NotChecked) return { status: error.status, reason: error.message };
      const observed = error instanceof Violation ? error.message : `a call failed: ${show(error)}`;
      if (isHarnessCheck) unsound ??= `${clause.id}: ${observed}`;
      return { status: failed, observed, timeline: [...tracer.lines] };
    } finally {
      strays.push(...listening.seen.map((stray) => `${clause.id}: ${stray}`));
      listening.stop();
    }
  }

  async function runClause(
    clause: Clause,
    tracer: ReturnType<typeof createTracer>,
    seen: readonly string[],
  ): Promise<void> {
    const limitMs = limitOf(clause);
    const { context, dispose } = await withinLimit('opening two handles', limitMs, async () =>
      createContext({
        harness,
        world: await harness.world(),
        facts: await facts(),
        profile,
        seed,
        random: randomOf(seed, clause.id),
        check: checkOver,
        budget,
        evidence,
        trace: tracer.trace,
        note: tracer.note,
        findings: (of) => findings.filter((finding) => finding.clause === of).map(({ observed }) => observed),
        async strays() {
          await new Promise((resolve) => setImmediate(resolve));
          return [...strays, ...seen];
        },
      }),
    );
    const end = (): Promise<void> => withinLimit('disposing of the world', limitMs, dispose);
    try {
      await withinLimit('the clause', limitMs, () => clause.run(context));
    } catch (error) {
      await end().catch(() => {});
      throw error;
    }
    await end();
  }

  async function checkOver(other: Harness, chosen: readonly string[]): Promise<readonly ClauseResult[]> {
    const suite = createSuite(other, {
      profile: 'quick',
      seed,
      // By hand: of a run over some clauses the others are not known.
      clauses: all.filter(({ id }) => isChosen(id, chosen)),
    });
    const results: ClauseResult[] = [];
    for (const each of suite.clauses) results.push(await suite.check(each));
    return results;
  }

  return {
    profile,
    seed,
    clauses: order(
      all.filter(({ id }) => isChosen(id, only)),
      seed,
    ),
    async check(clause) {
      const started = performance.now();
      const outcome = await judge(clause);
      const { id, level, text } = clause;
      return { id, level, text, ms: performance.now() - started, ...outcome };
    },
    facts,
    // The first handle of all, those of the clause, the clause, and closing them.
    longestMs: (clause) => DEFAULT_LIMIT_MS * patience + 2 * limitOf(clause) + 2 * budget.settleMs,
  };
}

const leftOut = ({ needs = [] }: Clause, profile: Profile): string | undefined => {
  if (profile === 'quick' && needs.includes('faults')) return 'faults are left out of the profile quick';
  if (profile !== 'soak' && needs.includes('soak')) return 'runs in the profile soak alone';
  return undefined;
};

function checkChoice(only: readonly string[], clauses: readonly Clause[]): void {
  const groups = new Set(clauses.map(({ id }) => groupOf(id)));
  const unknown = only.find((each) => !groups.has(each) && clauses.every(({ id }) => id !== each));
  if (unknown === undefined) return;
  throw new TypeError(
    `unknown clause '${unknown}': expected ids such as STA-1, or groups, of ${[...groups].join(' ')}`,
  );
}

const isChosen = (id: string, only: readonly string[]): boolean =>
  only.length === 0 || only.some((each) => each === id || each === groupOf(id));

/** The harness first, then everything shuffled, so that no clause leans on another; then the judges of the whole run. */
function order(clauses: readonly Clause[], seed: number): readonly Clause[] {
  const first = clauses.filter(({ id }) => groupOf(id) === 'HAR');
  const last = clauses.filter(({ id }) => COLLECTORS.has(id));
  const rest = clauses.filter((clause) => !first.includes(clause) && !last.includes(clause));
  return [...first, ...randomOf(seed).shuffle(rest), ...last];
}

async function withinLimit<T>(what: string, limitMs: number, run: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Violation(`${what} did not end within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([run(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
