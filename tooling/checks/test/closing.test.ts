import { describe, expect, it } from 'vitest';
import { closing, type RunResult } from '../src/closing.ts';

const GOOD: RunResult = {
  checks: [
    { name: 'build', ok: true },
    { name: 'lint', ok: true },
  ],
  tests: { passed: 10, failed: [], skipped: [] },
  services: [{ name: 'Celery 5.6.3', version: 'Python 3.11.7', how: 'virtual environment' }],
  ci: false,
};
const end = (changes: Partial<RunResult>) => {
  const { lines, ok } = closing({ ...GOOD, ...changes });
  return { text: lines.join('\n'), ok };
};

describe('the line of totals', () => {
  it('counts tests and checks together, alone on the last line, under the services', () => {
    const { text, ok } = end({});
    expect(ok).toBe(true);
    expect(text).toMatch(/Celery[\s\S]*^12 passed, 0 failed, 0 skipped$/m);
    expect(text.endsWith('skipped')).toBe(true);
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
    expect(text).toContain('  a step before it failed:\n    types\n');
  });

  it('has every skipped test above it, by name under its reason', () => {
    const skipped = [
      { name: 'a.test.ts > reads', reason: 'no Python' },
      { name: 'a.test.ts > writes' },
      { name: 'b.test.ts > reads', reason: 'no Python' },
    ];
    const { text, ok } = end({ tests: { passed: 1, failed: [], skipped } });
    expect(ok).toBe(true);
    expect(text).toContain(
      '  no Python:\n    a.test.ts > reads\n    b.test.ts > reads\n  no reason given:\n    a.test.ts > writes\n',
    );
    expect(text).toMatch(/^3 passed, 0 failed, 3 skipped$/m);
  });

  it('has what failed right above it, by name and with its error, so that the end of a log names it', () => {
    const failed = [{ name: 'a.test.ts > reads', error: 'expected 1\nto be 2' }];
    const { text } = end({ tests: { passed: 1, failed, skipped: [] }, checks: [{ name: 'lint', ok: false }] });
    expect(text).toContain(
      'failed: a.test.ts > reads\n    expected 1\n    to be 2\nfailed: lint\n1 passed, 2 failed, 0 skipped',
    );
  });
});

describe('the run fails', () => {
  it.each<[string, Partial<RunResult>]>([
    ['a test failed', { tests: { passed: 9, failed: [{ name: 'a', error: 'b' }], skipped: [] } }],
    ['a check failed', { checks: [{ name: 'lint', ok: false }] }],
    ['no test ran', { tests: { passed: 0, failed: [], skipped: [] } }],
    ['all tests were skipped', { tests: { passed: 0, failed: [], skipped: [{ name: 'a', reason: 'b' }] } }],
    ['the tests broke down', { tests: undefined }],
  ])('when %s', (_, changes) => {
    expect(end(changes).ok).toBe(false);
  });

  it.each<[string, Partial<RunResult>]>([
    ['a service is missing', { services: [{ name: 'Celery 5.2.6', missing: 'no Python' }] }],
    ['a test was skipped without a reason', { tests: { passed: 1, failed: [], skipped: [{ name: 'a' }] } }],
  ])('in CI alone when %s', (_, changes) => {
    expect(end(changes).ok).toBe(true);
    expect(end({ ...changes, ci: true }).ok).toBe(false);
    expect(end({ ...changes, ci: true }).text).toMatch(/^failed: CI needs /m);
  });

  it('but not in CI when a test was skipped for a reason that is no service', () => {
    expect(
      end({ ci: true, tests: { passed: 1, failed: [], skipped: [{ name: 'a', reason: 'not on Windows' }] } }).ok,
    ).toBe(true);
  });
});
