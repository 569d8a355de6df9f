import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { publishProblems } from '../../src/pack/publish.ts';
import { need } from '../../src/pack/run.ts';
import { Fixture } from '../fixture.ts';

// Packs, and runs two programs, on a machine that does other things too.
vi.setConfig({ testTimeout: 60_000 });

/** What is said about a package with one entry point, given as its "exports". */
async function problemsOf(entry: object): Promise<readonly string[]> {
  using fixture = new Fixture({
    'package.json': {
      name: 'a',
      version: '1.0.0',
      type: 'module',
      license: 'MIT',
      files: ['dist'],
      exports: { '.': entry },
    },
    'dist/index.js': 'export const a = 1;',
    'dist/index.d.ts': 'export declare const a: number;',
    'dist/index.d.cts': 'export declare const a: number;',
  });
  need('pnpm', ['pack'], fixture.root);
  return await publishProblems(fixture.root, join(fixture.root, globSync('*.tgz', { cwd: fixture.root })[0] ?? ''));
}

it('has nothing to say about a package whose types come first', async () => {
  expect(await problemsOf({ types: './dist/index.d.ts', default: './dist/index.js' })).toEqual([]);
});

it('hears of publint that types must come first', async () => {
  const problems = await problemsOf({ default: './dist/index.js', types: './dist/index.d.ts' });
  expect(problems).toContainEqual(expect.stringMatching(/^publint: .*types.* should be the first/));
});

it('hears of are-the-types-wrong that the types are those of a CommonJS module', async () => {
  const problems = await problemsOf({ types: './dist/index.d.cts', default: './dist/index.js' });
  expect(problems).toContainEqual(expect.stringMatching(/^are-the-types-wrong:.*Masquerading as CJS/s));
});
