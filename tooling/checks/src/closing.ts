import type { ServiceReport } from '@rb/servers/report';
import type { SkippedTest, TestSummary } from '@rb/vitest/summary-reporter';
import { serviceTable } from './services.ts';

/** A check that was not a test: its name, and whether it held; undefined where it could not be run. */
export interface CheckOutcome {
  readonly name: string;
  readonly ok: boolean | undefined;
}

export interface RunResult {
  readonly checks: readonly CheckOutcome[];
  /** undefined where the tests were not run, or broke down. */
  readonly tests: TestSummary | undefined;
  readonly services: readonly ServiceReport[];
  /** Everything is required: a missing service, or a skip that might be for lack of one, is a failure. */
  readonly ci: boolean;
}

export interface Closing {
  readonly lines: readonly string[];
  readonly ok: boolean;
}

const NO_REASON = 'no reason given';

/**
 * The end of the report: what was skipped, the table of services, what is wrong, the line of totals. What is wrong comes
 * late: of a long output often nothing but the end is kept.
 */
export function closing({ checks, tests, services, ci }: RunResult): Closing {
  const skipped: readonly SkippedTest[] = [
    ...(tests?.skipped ?? []),
    ...checks.filter(({ ok }) => ok === undefined).map(({ name }) => ({ name, reason: 'a step before it failed' })),
  ];
  const passed = (tests?.passed ?? 0) + checks.filter(({ ok }) => ok === true).length;
  const failed = [...(tests?.failed ?? []), ...checks.filter(({ ok }) => ok === false)];
  const faults = faultsOf(tests, services, ci);
  return {
    lines: [
      ...(skipped.length > 0 ? ['skipped:', ...byReason(skipped), ''] : []),
      ...serviceTable(services),
      '',
      ...failed.map((each) => `failed: ${each.name}${'error' in each ? `\n${indented(each.error)}` : ''}`),
      ...faults.map((fault) => `failed: ${fault}`),
      `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`,
    ],
    ok: failed.length === 0 && faults.length === 0 && checks.every(({ ok }) => ok),
  };
}

const indented = (text: string) => text.replaceAll(/^/gm, '    ');

/** Every skipped test by name, under its reason: many share one. */
function byReason(skipped: readonly SkippedTest[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { name, reason = NO_REASON } of skipped) names.set(reason, [...(names.get(reason) ?? []), `    ${name}`]);
  return [...names].flatMap(([reason, tests]) => [`  ${reason}:`, ...tests]);
}

/** What makes the run a failure although no single test or check failed. */
function faultsOf(tests: TestSummary | undefined, services: readonly ServiceReport[], ci: boolean): readonly string[] {
  const ran = tests && tests.passed + tests.failed.length > 0;
  return [
    ...(ran ? [] : ['no test ran']),
    ...(ci ? services.filter((service) => 'missing' in service).map(({ name }) => `CI needs ${name}`) : []),
    // Without a reason it may be for lack of a service.
    ...(ci
      ? (tests?.skipped ?? [])
          .filter(({ reason }) => !reason)
          .map(({ name }) => `CI needs a reason for skipping ${name}`)
      : []),
  ];
}
