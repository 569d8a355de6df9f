import { describe, expect, it } from 'vitest';
import { entryPoints, importProblems, typeProblems } from '../../src/pack/entry-points.ts';
import { Fixture } from '../fixture.ts';

/** A project that has the package `a` with one entry point installed. */
function projectWith(code: string, types = 'export declare const a: number;', exports?: object): Fixture {
  const installed = 'node_modules/a';
  return new Fixture({
    'package.json': '{}',
    [`${installed}/package.json`]: {
      name: 'a',
      type: 'module',
      exports: exports ?? { '.': { types: './index.d.ts', default: './index.js' } },
    },
    [`${installed}/index.js`]: code,
    [`${installed}/index.d.ts`]: types,
  });
}

it('finds every code entry of "exports", by the name that users write', () => {
  const exports = {
    '.': './dist/index.js',
    './sqlite': { default: './dist/sqlite.js' },
    './package.json': './package.json',
  };
  expect(entryPoints({ name: '@rb/sql', version: '1.0.0', exports })).toEqual(['@rb/sql', '@rb/sql/sqlite']);
});

describe('an entry point', { timeout: 60_000 }, () => {
  it('loads by import and by require', () => {
    using project = projectWith('export const a = 1;');
    expect(importProblems(project.root, ['a'])).toEqual([]);
  });

  it('fails when it imports what is not installed', () => {
    using project = projectWith("import 'better-sqlite3';");
    const problems = importProblems(project.root, ['a']);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^a does not load in a project of type module \(.*\):.*ERR_MODULE_NOT_FOUND/s);
  });

  it('fails when require cannot have it, as with a top-level await', () => {
    using project = projectWith('export const a = await 1;');
    expect(importProblems(project.root, ['a'])).toEqual([expect.stringContaining('ERR_REQUIRE_ASYNC_MODULE')]);
  });

  it('fails when "exports" does not have it', () => {
    using project = projectWith('export {};');
    expect(importProblems(project.root, ['a/b'])).toHaveLength(2);
  });
});

// Two compilers each, on a machine that does other things too.
describe('the types of an entry point', { timeout: 60_000 }, () => {
  it('are found under bundler and under nodenext, from ESM and from CommonJS', () => {
    using project = projectWith(
      'export const a = 1;',
      'export declare const a: AsyncDisposable | AbortSignal | Uint8Array;',
    );
    expect(typeProblems(project.root, ['a'])).toEqual([]);
  });

  it('fail when there are none', () => {
    using project = projectWith('export const a = 1;', '', { '.': { default: './other.js' } });
    expect(typeProblems(project.root, ['a'])).toHaveLength(2);
  });

  it('fail when they need the types of an optional driver', () => {
    using project = projectWith(
      'export const a = 1;',
      "import type { Pool } from 'pg';\nexport declare const a: Pool;",
    );
    expect(typeProblems(project.root, ['a'])).toEqual(Array(2).fill(expect.stringContaining("'pg'")));
  });

  it('fail under nodenext alone when their imports lack an extension', () => {
    using project = projectWith('export const a = 1;', "export * from './b';");
    project.write('node_modules/a/b.d.ts', 'export declare const b: number;');
    const problems = typeProblems(project.root, ['a']);
    expect(problems).toEqual([expect.stringMatching(/^types do not resolve under nodenext:.*TS2834/s)]);
  });
});
