import { writeFile } from 'node:fs/promises';
import { stdout } from 'node:process';
import type { Clause, ClauseResult } from './clause.js';
import { CLAUSES } from './clauses/clauses.js';
import { formatFailure } from './format.js';
import type { Harness } from './harness.js';
import { type Report, reportOf } from './report.js';
import { settingsOf } from './settings.js';
import { createSuite, type SuiteOptions } from './suite.js';

export interface BindingOptions extends SuiteOptions {
  /** Where to write the report, as JSON, once every clause is through. */
  readonly report?: string | URL | undefined;
}

/** A clause as a test of any runner: `it(clause.title, clause.run)`. */
export interface ClauseTest {
  readonly id: string;
  /** `MUST STA-1 After SUCCESS was readable, ...` */
  readonly title: string;
  /** What to give a runner as its time-out; the clause has a limit of its own. */
  readonly timeoutMs: number;
  /**
   * Rejects where a MUST does not hold. What was not checked, and a SHOULD that does not hold, is skipped with its reason
   * where the runner hands over a way to do that (vitest, node:test, mocha).
   */
  readonly run: ClauseRun;
}

/**
 * `this` is mocha's or node:test's context, the argument vitest's, which reads of the source that nothing but `skip` is wanted.
 * Its length is 0: mocha and jest wait for a callback otherwise.
 */
export type ClauseRun = (this: unknown, context?: { readonly skip?: unknown }) => Promise<void>;

/** A clause does not hold. Its message says all there is to say, so it has no stack. */
export class ConformanceFailure extends Error {
  override readonly name = 'ConformanceFailure';

  constructor(message: string) {
    super(message);
    this.stack = `${this.name}: ${message}`;
  }
}

/** All clauses over one harness, for any test runner. Options give way to the environment's RB_CONFORMANCE_PROFILE, _SEED and _ONLY. */
export function clauses(harness: Harness, options: BindingOptions = {}): readonly ClauseTest[] {
  return bind(harness, options).tests;
}

export interface Binding {
  readonly tests: readonly ClauseTest[];
  /** Undefined until every clause was checked. */
  readonly finished: () => Promise<Report> | undefined;
  /** Why this run does not say all about the store; undefined where it does. */
  readonly partial: string | undefined;
}

export function bind(harness: Harness, options: BindingOptions): Binding {
  const suite = createSuite(harness, settingsOf(options));
  const results = new Map<string, ClauseResult>();
  /** Not checked, or not holding, where the runner cannot say so. */
  const unsaid: ClauseResult[] = [];
  let ms = 0;
  let report: Promise<Report> | undefined;
  // Clauses listen to the whole process for what goes astray, so runners that start many tests at once have to wait.
  let last: Promise<unknown> = Promise.resolve();

  async function check(clause: Clause): Promise<ClauseResult> {
    const checking = last.then(() => suite.check(clause));
    last = checking;
    const result = await checking;
    results.set(clause.id, result);
    ms += result.ms;
    return result;
  }

  /** Not before somebody asks: it asks the harness about its server, which is gone soon after the last clause. */
  function finished(): Promise<Report> | undefined {
    if (results.size === suite.clauses.length) report ??= reportOf(harness, suite, [...results.values()], ms);
    return report;
  }

  async function finish(): Promise<void> {
    if (results.size < suite.clauses.length) return;
    if (options.report !== undefined) await writeFile(options.report, `${JSON.stringify(await finished(), null, 2)}\n`);
    if (unsaid.length === 0) return;
    const lines = unsaid.map((result) => `  ${result.id}  ${reasonOf(result)}\n`);
    stdout.write(`${harness.name}: ${unsaid.length} clauses have no result in this runner:\n${lines.join('')}`);
  }

  const tests = suite.clauses.map((clause): ClauseTest => {
    const timeoutMs = suite.longestMs(clause);
    return {
      id: clause.id,
      title: `${clause.level} ${clause.id} ${clause.text}`,
      timeoutMs,
      async run({ skip: skipOfVitest } = {}) {
        const ofMocha = controlOf(this, 'timeout');
        ofMocha?.(timeoutMs);
        const skip = skipOf(this, skipOfVitest);
        const result = await check(clause);
        const isOpen = result.status !== 'pass' && result.status !== 'fail';
        // Mocha takes no reason, jest skips nothing that has begun.
        if (isOpen && (ofMocha || !skip)) unsaid.push(result);
        await finish();
        if (result.status === 'fail') throw new ConformanceFailure(formatFailure(clause, result, harness, suite));
        if (isOpen) skip?.(reasonOf(result));
      },
    };
  });
  const isPart = suite.profile !== 'full' || suite.clauses.length < (options.clauses ?? CLAUSES).length;
  return { tests, finished, partial: isPart ? 'needs all clauses in the profile full' : undefined };
}

/** Of what is neither held nor broken. */
const reasonOf = ({ status, reason, observed }: ClauseResult): string =>
  status === 'warn' ? `this SHOULD does not hold: ${observed}` : (reason ?? status);

/** How this runner is told that the running test does not count; undefined where it cannot be. */
export const skipOf = (self: unknown, ofVitest: unknown): ((reason: string) => void) | undefined =>
  controlOf(self, 'skip') ?? (typeof ofVitest === 'function' ? (reason) => ofVitest(reason) : undefined);

/** A method of the test's context, where the runner has one of this name. */
function controlOf(context: unknown, name: 'skip' | 'timeout'): ((value: unknown) => void) | undefined {
  if (typeof context !== 'object' || context === null) return undefined;
  const method: unknown = Reflect.get(context, name);
  return typeof method === 'function' ? (value) => method.call(context, value) : undefined;
}
