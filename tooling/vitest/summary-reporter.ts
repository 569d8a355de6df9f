import { writeFileSync } from 'node:fs';
import { env } from 'node:process';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** What a run of all tests came to. */
export interface TestSummary {
  readonly passed: number;
  /** Tests, and what failed outside of any: files that do not load, hooks, errors nobody caught. */
  readonly failed: readonly FailedTest[];
  readonly skipped: readonly SkippedTest[];
}

export interface FailedTest {
  readonly name: string;
  /** What it threw: the first lines of each error. */
  readonly error: string;
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
  const failed: FailedTest[] = [];
  const skipped: SkippedTest[] = [];
  const fail = (name: string, errors: readonly SerializedError[]) => {
    if (errors.length > 0) failed.push({ name, error: errors.map(({ message }) => firstLines(message)).join('\n') });
  };
  for (const module of modules) {
    const file = `${module.project.name} ${module.relativeModuleId}`;
    fail(file, module.errors());
    for (const suite of module.children.allSuites()) fail(`${file} > ${suite.fullName}`, suite.errors());
    for (const test of module.children.allTests()) {
      const name = `${file} > ${test.fullName}`;
      const result = test.result();
      if (result.state === 'passed') passed++;
      else if (result.state === 'skipped') {
        skipped.push({ name, ...(result.note === undefined ? {} : { reason: result.note }) });
      } else fail(name, result.errors ?? [{ message: 'did not come to an end' }]);
    }
  }
  for (const error of unhandled) fail('outside of any test', [error]);
  return { passed, failed, skipped };
}

/** Enough of a message to tell one failure from another; vitest has shown the whole. */
function firstLines(message: string): string {
  return message.split('\n', 6).join('\n').slice(0, 800);
}
