import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, type TestAPI, test } from 'vitest';
import type { SharedServer } from './keeper.ts';
import type { Missing, ServiceName } from './service.ts';
import { shared } from './shared.ts';

/** The server of the run, or why there is none: to be awaited at the top of a test file, as a first start takes longer than a hook may. */
export const sharedServer = (service: ServiceName): Promise<SharedServer | Missing> =>
  shared(service, suiteOf(expect.getState().testPath));

/**
 * Vitest's `test` with the run's own `server` of that kind. Where it is not to be had the tests are skipped, with the
 * reason in the report, which in CI is a failure.
 */
export async function serverTest(service: ServiceName): Promise<TestAPI<{ server: SharedServer }>> {
  const found = await sharedServer(service);
  return test.extend<{ server: SharedServer }>({
    server: async ({ skip }, use) => use('missing' in found ? skip(found.missing) : found),
  });
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** `packages/redis` of a test file in it. */
const suiteOf = (testPath = ROOT): string => relative(ROOT, testPath).split('/', 2).join('/');
