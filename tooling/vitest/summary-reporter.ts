import { writeFileSync } from 'node:fs';
import { env } from 'node:process';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** What a run of all tests came to. */
export interface TestSummary {
  readonly passed: number;
  /** Tests, and what failed outside of any: files that do not load, hooks, errors nobody caught. */
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
}

export interface SkippedTest {
  readonly name: string;
  /** What the test gave to `ctx.skip(reason)`. */
  readonly reason?: string;
}

/** Vitest's own JSON leaves out why a test was skipped; this writes it, into the file that RB_TEST_SUMMARY names. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    if (env.RB_TEST_SUMMARY) writeFileSync(env.RB_TEST_SUMMARY, JSON.stringify(summarize(modules, unhandled)));
  }
}

function summarize(modules: readonly TestModule[], unhandled: readonly SerializedError[]): TestSummary {
  let passed = 0;
  let failed = unhandled.length;
  const skipped: SkippedTest[] = [];
  for (const module of modules) {
    failed += module.errors().length;
    for (const suite of module.children.allSuites()) failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') passed++;
      else if (result.state === 'skipped') {
        const name = `${module.project.name} ${module.relativeModuleId} > ${test.fullName}`;
        skipped.push({ name, ...(result.note === undefined ? {} : { reason: result.note }) });
      } else failed++;
    }
  }
  return { passed, failed, skipped };
}
