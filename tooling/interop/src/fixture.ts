import { afterAll, type TestAPI, test } from 'vitest';
import { type Oracle, oracleOrSkip } from './oracle.ts';
import type { OracleVersion } from './venv.ts';

/**
 * Vitest's `test` with an `oracle` of that version, one process for all tests of a file, ended after them. Where there is
 * none the tests are skipped, with the reason in the report.
 *
 * To be awaited at the top of a test file: a first set-up takes longer than a hook may.
 */
export async function celeryTest<V extends OracleVersion>(version: V): Promise<TestAPI<{ oracle: Oracle<V> }>> {
  const found = await oracleOrSkip(version);
  if ('call' in found) afterAll(() => found.close());
  return test.extend<{ oracle: Oracle<V> }>({
    oracle: async ({ skip }, use) => use('call' in found ? found : skip(found.missing)),
  });
}
