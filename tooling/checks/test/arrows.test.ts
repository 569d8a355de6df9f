import { describe, expect, it } from 'vitest';
import { arrowProblems } from '../src/arrows.ts';
import { Fixture } from './fixture.ts';

/** The problems of one package with one source file, without the package's name in front. */
function problemsOf(name: string, file: string, source: string, manifest: object = {}): readonly string[] {
  const folder = `packages/${name.replace('@rb/', '')}`;
  using fixture = new Fixture({ [`${folder}/package.json`]: { name, ...manifest }, [`${folder}/${file}`]: source });
  return arrowProblems(fixture.root).map((problem) => problem.replace(`${name}: `, ''));
}

describe('imports', () => {
  it.each([
    ['@rb/core', 'src/backend.ts', "import type { State } from './states.js'; export * from './errors.js';"],
    ['@rb/core', 'src/diagnostics.ts', "import { channel } from 'node:diagnostics_channel';"],
    ['@rb/core', 'src/connect.ts', 'export const open = (name: string) => import(ADAPTERS[name]!);'],
    ['@rb/core', 'src/connect.ts', "export const open = () => import('@rb/redis');"],
    [
      '@rb/sql',
      'src/sqlite/store.ts',
      "import { pickle } from '@rb/serializers/pickle'; await import('better-sqlite3');",
    ],
    ['@rb/redis', 'src/store.ts', "import { Redis } from 'ioredis'; import { readFileSync } from 'node:fs';"],
    ['@rb/cli', 'src/get.ts', "export const open = () => import('@rb/redis');"],
    ['@rb/core', 'src/comment.ts', "// import 'pg';\nexport const text = \"import 'pg'\";"],
  ])('lets %s have %s', (name, file, source) => {
    expect(problemsOf(name, file, source)).toEqual([]);
  });

  it.each([
    [
      '@rb/core',
      'src/a.ts',
      "import { readFileSync } from 'node:fs';",
      'src/a.ts imports node:fs, and core runs without Node',
    ],
    ['@rb/core', 'src/a.ts', "import type { Pool } from 'pg';", 'src/a.ts imports pg'],
    ['@rb/core', 'src/a.ts', "export * from '@rb/redis';", 'src/a.ts imports @rb/redis'],
    ['@rb/core', 'src/connect.ts', "import '@rb/redis';", 'src/connect.ts imports @rb/redis'],
    ['@rb/redis', 'src/a.ts', "import { sql } from '@rb/sql/sqlite';", 'src/a.ts imports @rb/sql'],
    ['@rb/redis', 'src/a.ts', "await import('@rb/serializers/pickle');", 'src/a.ts imports @rb/serializers'],
    ['@rb/redis', 'src/a.ts', "import pg from 'pg';", 'src/a.ts imports pg'],
    ['@rb/dual', 'src/a.ts', "import Database from 'better-sqlite3';", 'src/a.ts imports better-sqlite3'],
    ['@rb/conformance', 'src/a.ts', "import { test } from 'vitest';", 'src/a.ts imports vitest'],
    [
      '@rb/sql',
      'src/a.ts',
      "import { x } from '../../core/src/x.js';",
      'src/a.ts imports ../../core/src/x.js, outside the sources of its package',
    ],
    [
      '@rb/sql',
      'src/a.ts',
      "import { x } from '@rb/sql/sqlite';",
      'src/a.ts imports its own package by name (@rb/sql/sqlite): import the file',
    ],
    [
      '@rb/sql',
      'src/a/b.ts',
      "import { x } from '../sqlite/index.js';",
      'src/a/b.ts imports ../sqlite/index.js: name the file that has it',
    ],
    ['@rb/sql', 'src/a.ts', 'await import(name);', 'src/a.ts gives import() something else than a string literal'],
    [
      '@rb/cli',
      'src/a.ts',
      "import { connect } from '@rb/core';",
      'src/a.ts imports @rb/core statically: only import() is allowed',
    ],
    ['@rb/core', 'src/index.ts', 'export const version = 1;', 'src/index.ts does more than re-export'],
    [
      '@rb/sql',
      'src/sqlite/index.ts',
      "import './side-effect.js'; export {};",
      'src/sqlite/index.ts does more than re-export',
    ],
  ])('refuses %s %s: %s', (name, file, source, problem) => {
    expect(problemsOf(name, file, source)).toEqual([problem]);
  });

  it('asks for a decision about a package that the map does not have', () => {
    expect(problemsOf('@rb/new', 'src/a.ts', 'export {};')).toEqual([
      '@rb/new has no place in the map of packages (tooling/checks/src/arrows.ts): say what it may import',
    ]);
  });

  it('throws on a source that does not parse, rather than see no imports in it', () => {
    expect(() => problemsOf('@rb/core', 'src/a.ts', 'import {')).toThrow('does not parse');
  });
});

describe('package.json', () => {
  const optional = (name: string) => ({
    peerDependencies: { [name]: '*' },
    peerDependenciesMeta: { [name]: { optional: true } },
  });
  const problems = (name: string, manifest: object) => problemsOf(name, 'src/a.ts', 'export {};', manifest);

  it('may name core as a peer and its own driver as an optional one', () => {
    expect(problems('@rb/sql', optional('pg'))).toEqual([]);
    expect(problems('@rb/sql', { peerDependencies: { '@rb/core': '*', '@rb/serializers': '*' } })).toEqual([]);
    expect(problems('@rb/core', { devDependencies: { vitest: '*' } })).toEqual([]);
    expect(problems('@rb/core', optional('@rb/redis'))).toEqual([]);
  });

  it.each([
    ['@rb/core', { dependencies: { ms: '*' } }, 'package.json needs ms'],
    ['@rb/core', { peerDependencies: { '@rb/redis': '*' } }, 'package.json needs @rb/redis'],
    ['@rb/redis', optional('pg'), 'package.json needs pg'],
    ['@rb/redis', { peerDependencies: { '@rb/sql': '*' } }, 'package.json needs @rb/sql'],
    ['@rb/redis', { dependencies: { '@rb/core': '*' } }, 'package.json needs @rb/core as a dependency: make it a peer'],
    ['@rb/redis', { peerDependencies: { ioredis: '*' } }, 'package.json needs ioredis, which must be an optional peer'],
    ['@rb/redis', { dependencies: { ioredis: '*' } }, 'package.json needs ioredis, which must be an optional peer'],
  ])('of %s must not have %j', (name, manifest, problem) => {
    expect(problems(name, manifest)).toEqual([problem]);
  });
});
