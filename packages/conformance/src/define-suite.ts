import { CONTRACT_VERSION } from '@rb/core';
import { type BindingOptions, bind, type ClauseRun, skipOf } from './clauses-of.js';
import type { Harness } from './harness.js';
import { checkReadme } from './readme.js';

/** What every test runner has: vitest, node:test, mocha, jest. */
export interface Runner {
  describe(title: string, body: () => void): unknown;
  /** Runners that know no third argument leave it. */
  it(title: string, run: ClauseRun, timeoutMs?: number): unknown;
}

export interface DefineSuiteOptions extends BindingOptions {
  /** A README between whose markers `<!-- conformance -->` and `<!-- /conformance -->` the guarantees of this harness stand: see `checkReadme`. */
  readonly readme?: string | URL | undefined;
}

/** One `describe` with a test per clause. */
export function defineSuite({ describe, it }: Runner, harness: Harness, options: DefineSuiteOptions = {}): void {
  const { tests, finished, partial } = bind(harness, options);
  const { readme } = options;
  describe(`${harness.name} conforms to contract ${CONTRACT_VERSION}`, () => {
    for (const { title, run, timeoutMs } of tests) it(title, run, timeoutMs);
    if (readme === undefined) return;
    it('README.md shows the guarantees that this run found', async function ({ skip } = {}) {
      const report = await finished();
      if (partial || !report) skipOf(this, skip)?.(partial ?? 'not every clause was checked');
      else await checkReadme(readme, report);
    });
  });
}
