import type { TestSummary } from '@rb/vitest/summary-reporter';

/** One run of vitest. */
export interface Pass {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of vitest: files, projects. */
  readonly args: readonly string[];
}

/**
 * Test files, or parts of their paths, that CI runs a second time on servers in containers: what a developer who has
 * Docker runs on. Their images are those that tooling/servers/ci makes.
 */
export const DOCKER_SUITES: readonly string[] = [
  'tooling/servers/test/shared.test.ts',
  'tooling/servers/test/redis', // Valkey, Sentinel and Cluster too
  'tooling/servers/test/postgres',
  'packages/redis/test/conformance.server',
  'packages/redis/test/groups',
  'packages/redis/test/watch',
];

/**
 * How often the tests run: once, on whatever servers this machine has. In CI, where nothing is said about servers, all of
 * them on local processes, which are all to be had and the faster ones, then those of a few servers in Docker.
 */
export function passes(args: readonly string[], { CI, RB_SERVERS }: NodeJS.ProcessEnv): readonly Pass[] {
  if (CI !== 'true' || RB_SERVERS || args.length > 0) return [{ name: 'tests', env: {}, args }];
  return [
    { name: 'tests', env: { RB_SERVERS: 'local' }, args },
    { name: 'tests in Docker', env: { RB_SERVERS: 'docker' }, args: DOCKER_SUITES },
  ];
}

/** What several passes came to together; undefined where none came to an end. */
export function total(summaries: readonly (TestSummary | undefined)[]): TestSummary | undefined {
  const ended = summaries.filter((each) => each !== undefined);
  if (ended.length === 0) return undefined;
  return {
    passed: ended.reduce((sum, { passed }) => sum + passed, 0),
    failed: ended.flatMap(({ failed }) => failed),
    skipped: ended.flatMap(({ skipped }) => skipped),
  };
}
