// All that `npm test` checks, and its report:
//
//   node tooling/checks/test-run.ts                 everything
//   node tooling/checks/test-run.ts [arguments...]  the tests alone, with these arguments of vitest
//
// A step that fails does not stop those that can go on without it. Exit code 0 only when everything held.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { styleText } from 'node:util';
import { readServices } from '@rb/servers/report';
import type { TestSummary } from '@rb/vitest/summary-reporter';
import { CHECKS } from './src/checks.ts';
import { type CheckOutcome, closing } from './src/closing.ts';
import { type Pass, passes, total } from './src/passes.ts';
import { type Outcome, runScript } from './src/step.ts';
import { ROOT } from './src/workspace.ts';

const vitestArguments = process.argv.slice(2);
const checks: CheckOutcome[] = [];

function show({ name, ok, seconds, output }: Outcome): void {
  checks.push({ name, ok });
  const word = ok ? styleText('green', 'ok    ') : styleText('red', 'failed');
  console.log(`${word}  ${name.padEnd(26)}${styleText('dim', `${seconds.toFixed(1)} s`)}`);
  if (!ok && output) console.log(output.trimEnd().replaceAll(/^/gm, '        '));
}

type Step = readonly [name: string, ...script: string[]];
const ON_SOURCES: readonly Step[] = [
  ['lint', 'lint'],
  ['unused code', 'check:unused'],
];
const ON_BUILD: readonly Step[] = [
  ['types', 'typecheck', '--output-logs=errors-only'],
  ['packages', 'pack:check', '--output-logs=errors-only'],
  ['third parties', 'check:third-party'],
];

/** Steps that do not disturb one another, as many at once as there are cores; each is shown when it ends. */
async function together(steps: readonly Step[]): Promise<void> {
  const waiting = [...steps];
  const worker = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) show(await runScript(step[0], step.slice(1)));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

function repositoryChecks(): void {
  for (const { name, problems } of CHECKS) {
    const started = performance.now();
    const found = problems(ROOT);
    show({ name, ok: found.length === 0, seconds: (performance.now() - started) / 1000, output: found.join('\n') });
  }
}

/** The tests run last and alone: no wait in them should be a wait for a compiler. */
async function runTests(pass: Pass): Promise<TestSummary | undefined> {
  const file = join(directory, `${pass.name}.json`);
  const reporters = ['--reporter=default', '--reporter=./tooling/vitest/summary-reporter.ts'];
  const outcome = await runScript(pass.name, ['vitest', ...reporters, ...pass.args], {
    live: true,
    env: { ...pass.env, RB_TEST_SUMMARY: file, RB_SERVICES_LOG: servicesLog },
  });
  const summary: TestSummary | undefined = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  // Its tests are counted one by one; where none failed and vitest failed all the same, the step itself counts.
  if (!outcome.ok && !summary?.failed.length) checks.push({ name: pass.name, ok: false });
  return summary;
}

const directory = mkdtempSync(join(tmpdir(), 'rb-test-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
const servicesLog = join(directory, 'services.jsonl');
const everything = vitestArguments.length === 0;

const build = await runScript('build', ['build', '--output-logs=errors-only']);
show(build);
if (everything) {
  repositoryChecks();
  await together(build.ok ? [...ON_SOURCES, ...ON_BUILD] : ON_SOURCES);
  if (!build.ok) checks.push(...ON_BUILD.map(([name]) => ({ name, ok: undefined })));
}
const summaries: (TestSummary | undefined)[] = [];
if (build.ok) for (const pass of passes(vitestArguments, env)) summaries.push(await runTests(pass));

const tests = total(summaries);
const { lines, ok } = closing({ checks, tests, services: readServices(servicesLog), ci: env.CI === 'true' });
console.log(`\n${lines.join('\n')}`);
process.exitCode = ok ? 0 : 1;
