import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { TestSummary } from '@rb/vitest/summary-reporter';
import { expect, it } from 'vitest';
import { Fixture } from './fixture.ts';

const REPORTER = fileURLToPath(import.meta.resolve('@rb/vitest/summary-reporter'));
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** What the reporter writes about a run of vitest over these files. */
function summaryOf(files: Readonly<Record<string, string>>): TestSummary {
  using fixture = new Fixture({ 'package.json': { name: 'probe', type: 'module' }, ...files });
  const summary = join(fixture.root, 'summary.json');
  const args = [VITEST, 'run', '--globals', '--root', fixture.root, `--reporter=${REPORTER}`];
  spawnSync(execPath, args, { cwd: fixture.root, env: { ...process.env, RB_TEST_SUMMARY: summary } });
  return JSON.parse(readFileSync(summary, 'utf8'));
}

it('counts what passed and failed, with the reason of every skip', { timeout: 60_000 }, () => {
  const summary = summaryOf({
    'a.test.js': `
      test('holds', () => {});
      test('does not hold', () => expect(1).toBe(2));
      describe('group', () => test('needs a server', ({ skip }) => skip('no server')));
      test.skip('gives none', () => {});
      test.todo('is only planned');
    `,
  });
  expect(summary.passed).toBe(1);
  expect(summary.failed).toEqual([
    {
      name: expect.stringMatching(/a\.test\.js > does not hold$/),
      error: expect.stringContaining('expected 1 to be 2'),
    },
  ]);
  expect(summary.skipped.map(({ name, reason }) => [name.replace(/^.*a\.test/, 'a.test'), reason])).toEqual([
    ['a.test.js > group > needs a server', 'no server'],
    ['a.test.js > gives none', undefined],
    ['a.test.js > is only planned', undefined],
  ]);
});

it('counts as failed what fails outside of any test', { timeout: 60_000 }, () => {
  const summary = summaryOf({
    'load.test.js': "throw new Error('does not load');",
    'hook.test.js': "describe('group', () => { beforeAll(() => { throw new Error('hook'); }); test('a', () => {}); });",
    'late.test.js':
      "test('holds', () => { setTimeout(() => { throw new Error('late'); }); return new Promise((r) => setTimeout(r, 50)); });",
  });
  expect(summary.passed).toBe(1);
  const failed = summary.failed.map(({ name, error }) => `${name.replace(/^.* (?=\w+\.test)/, '')}: ${error}`);
  expect(failed).toEqual(
    expect.arrayContaining([
      'load.test.js: does not load',
      expect.stringMatching(/^hook\.test\.js > group.*: hook$/),
      'outside of any test: late',
    ]),
  );
});
