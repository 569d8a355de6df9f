import { writeFile } from 'node:fs/promises';
import { stderr, stdout } from 'node:process';
import { badge } from '../badge.js';
import { show } from '../evidence.js';
import { formatFailure } from '../format.js';
import { formatSummary } from '../format-summary.js';
import { markdown } from '../markdown.js';
import { runSuite } from '../run.js';
import { createSuite } from '../suite.js';
import { type Arguments, argumentsOf, USAGE, UsageError, usable } from './arguments.js';
import { loadHarness } from './load-harness.js';
import { progress } from './progress.js';

/** The command, from its arguments to its exit code: 0 the store conforms, 1 it does not, 2 nothing could be checked. */
export async function main(args: readonly string[]): Promise<0 | 1 | 2> {
  try {
    const given = argumentsOf(args);
    if (given !== 'help') return await check(given);
    stdout.write(USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`rb-conformance: ${error.message}\n${error.cause === undefined ? '' : `${stackOf(error.cause)}\n`}`);
    return 2;
  }
}

async function check({ module, options, ...files }: Arguments): Promise<0 | 1 | 2> {
  const harness = await loadHarness(module);
  const suite = usable(() => createSuite(harness, options));
  await suite.facts().catch((error: unknown) => {
    throw new UsageError(`${module}: the harness opens no store, is its server up?`, { cause: error });
  });
  const showing = progress();
  showing.say(`${harness.name}: ${suite.clauses.length} clauses, profile ${suite.profile}, seed ${suite.seed}`);
  const report = await runSuite(harness, suite, {
    onStart: showing.start,
    onResult(result, clause) {
      showing.end(result);
      if (result.status === 'fail' || result.status === 'warn') {
        showing.say(`\n${formatFailure(clause, result, harness, suite)}\n`);
      }
    },
  });
  if (files.json) await writeFile(files.json, `${JSON.stringify(report, null, 2)}\n`);
  if (files.markdown) await writeFile(files.markdown, markdown(report));
  if (files.badge) await writeFile(files.badge, `${JSON.stringify(badge(report))}\n`);
  stdout.write(formatSummary(report));
  return report.conforms ? 0 : 1;
}

const stackOf = (error: unknown): string => (error instanceof Error && error.stack) || show(error);
