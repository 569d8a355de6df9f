import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Report } from '../src/index.js';
import { runNode } from './child.js';

const resolve = createRequire(import.meta.url).resolve;
const folderOf = (name: string): string => dirname(resolve(`${name}/package.json`));

/** Each runner for real, over one clause of every outcome (runners/clauses.mjs), and what it prints of those that it skips. */
const RUNNERS: readonly (readonly [name: string, args: readonly string[], skipped: RegExp])[] = [
  [
    'vitest',
    [join(folderOf('vitest'), 'vitest.mjs'), 'run', '--root', 'test/runners', '--reporter=verbose'],
    /↓ .*STO-4 .*\[the handles have no link/,
  ],
  [
    'node:test',
    ['--test', '--test-reporter=spec', 'test/runners/node-test.mjs'],
    /﹣ MUST STO-4 .*# the handles have no link/,
  ],
  [
    'mocha',
    [join(folderOf('mocha'), 'bin/mocha.js'), 'test/runners/mocha.mjs'],
    /- MUST STO-4 .*STO-4 {2}the handles have no link/s,
  ],
];

describe.each(RUNNERS)('under %s', { timeout: 60_000 }, (_name, args, skipped) => {
  it('a clause that holds passes, one that does not fails with all there is to say, the others are skipped with their reasons', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rb-binder-'));
    try {
      const REPORT = join(folder, 'report.json');
      const { code, output } = await runNode(args, { REPORT });
      expect(code, output).not.toBe(0);
      expect(output).toMatch(/[✓✔] .*MUST STO-1 The text of STO-1\./);
      expect(output).toMatch(skipped);
      expect(output).toMatch(/STO-3 .*this SHOULD does not hold: something less/s);
      expect(output).toMatch(
        /✗ MUST STO-2 {2}The text of STO-2\.\n +observed +result: expected 'lost', got 'kept' {2}\(seed 7\)/,
      );
      expect(output).toContain('RB_CONFORMANCE_ONLY=STO-2 RB_CONFORMANCE_SEED=7');
      expect(output).not.toMatch(/node:internal|clauses\.mjs:\d/);
      const report: Report = JSON.parse(await readFile(REPORT, 'utf8'));
      expect(report).toMatchObject({ conforms: false, counts: { pass: 1, fail: 1, warn: 1, 'no-power': 1 } });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('the environment chooses clauses and seed for one run', async () => {
    const { code, output } = await runNode(args, { RB_CONFORMANCE_ONLY: 'STO-1', RB_CONFORMANCE_SEED: '3' });
    expect(code, output).toBe(0);
    expect(output).toContain('STO-1');
    expect(output).not.toContain('STO-2');
  });
});

it('clauses() alone does for a runner that knows a title and a function', async () => {
  const { code, output } = await runNode(['--test', '--test-reporter=spec', 'test/runners/clauses-of.mjs']);
  expect(code, output).toBe(1);
  expect(output).toMatch(/✔ MUST STO-1/);
  expect(output).toMatch(/✖ MUST STO-2/);
  expect(output).toMatch(/﹣ MUST STO-4/);
});
