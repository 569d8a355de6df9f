import { describe, expect, it } from 'vitest';
import { closing, type RunResult } from '../src/closing.ts';

const GOOD: RunResult = {
  checks: [
    { name: 'build', ok: true },
    { name: 'lint', ok: true },
  ],
  tests: { passed: 10, failed: 0, skipped: [] },
  services: [{ name: 'Celery 5.6.3', version: 'Python 3.11.7', how: 'virtual environment' }],
  ci: false,
};
const end = (changes: Partial<RunResult>) => {
  const { lines, ok } = closing({ ...GOOD, ...changes });
  return { text: lines.join('\n'), ok };
};

describe('the line of totals', () => {
  it('counts tests and checks together, alone on its line, with the services under it', () => {
    const { text, ok } = end({});
    expect(ok).toBe(true);
    expect(text).toMatch(/^12 passed, 0 failed, 0 skipped$/m);
    expect(text.indexOf('Celery')).toBeGreaterThan(text.indexOf('12 passed'));
  });

  it('counts a check that could not be run as skipped, and says why', () => {
    const { text, ok } = end({
      checks: [
        { name: 'build', ok: false },
        { name: 'types', ok: undefined },
      ],
    });
    expect(ok).toBe(false);
    expect(text).toMatch(/^10 passed, 1 failed, 1 skipped$/m);
    expect(text).toContain('types (a step before it failed)');
  });

  it('has every skipped test above it, by name and with its reason', () => {
    const skipped = [{ name: 'a.test.ts > reads', reason: 'no Python' }, { name: 'a.test.ts > writes' }];
    const { text, ok } = end({ tests: { passed: 1, failed: 0, skipped } });
    expect(ok).toBe(true);
    expect(text).toContain('  a.test.ts > reads (no Python)\n  a.test.ts > writes (no reason given)\n');
    expect(text).toMatch(/^3 passed, 0 failed, 2 skipped$/m);
  });
});

describe('the run fails', () => {
  it.each<[string, Partial<RunResult>]>([
    ['a test failed', { tests: { passed: 9, failed: 1, skipped: [] } }],
    ['a check failed', { checks: [{ name: 'lint', ok: false }] }],
    ['no test ran', { tests: { passed: 0, failed: 0, skipped: [] } }],
    ['all tests were skipped', { tests: { passed: 0, failed: 0, skipped: [{ name: 'a', reason: 'b' }] } }],
    ['the tests broke down', { tests: undefined }],
  ])('when %s', (_, changes) => {
    expect(end(changes).ok).toBe(false);
  });

  it.each<[string, Partial<RunResult>]>([
    ['a service is missing', { services: [{ name: 'Celery 5.2.6', missing: 'no Python' }] }],
    ['a test was skipped without a reason', { tests: { passed: 1, failed: 0, skipped: [{ name: 'a' }] } }],
  ])('in CI alone when %s', (_, changes) => {
    expect(end(changes).ok).toBe(true);
    expect(end({ ...changes, ci: true }).ok).toBe(false);
    expect(end({ ...changes, ci: true }).text).toMatch(/^failed: CI needs /m);
  });

  it('but not in CI when a test was skipped for a reason that is no service', () => {
    expect(
      end({ ci: true, tests: { passed: 1, failed: 0, skipped: [{ name: 'a', reason: 'not on Windows' }] } }).ok,
    ).toBe(true);
  });
});
