import type { Clause, ClauseResult } from './clause.js';
import type { Harness } from './harness.js';
import { type Report, reportOf } from './report.js';
import { createSuite, type Suite, type SuiteOptions } from './suite.js';

export interface RunListener {
  /** Called before each clause: for who shows what is going on. */
  onStart?(clause: Clause, position: { readonly at: number; readonly of: number }): void;
  onResult?(result: ClauseResult, clause: Clause): void;
}

export interface RunOptions extends SuiteOptions, RunListener {}

/** Checks every clause, one after the other, without a test runner. Never rejects for what the store does. */
export const runConformance = (harness: Harness, options: RunOptions = {}): Promise<Report> =>
  runSuite(harness, createSuite(harness, options), options);

export async function runSuite(harness: Harness, suite: Suite, listener: RunListener): Promise<Report> {
  const started = performance.now();
  const results: ClauseResult[] = [];
  for (const [at, clause] of suite.clauses.entries()) {
    listener.onStart?.(clause, { at, of: suite.clauses.length });
    const result = await suite.check(clause);
    results.push(result);
    listener.onResult?.(result, clause);
  }
  return reportOf(harness, suite, results, performance.now() - started);
}
