import { describe, expect, it } from 'vitest';
import { contentProblems } from '../../src/pack/content.ts';
import { Fixture } from '../fixture.ts';

const GOOD = { 'package.json': { name: '@rb/a' }, 'README.md': '', LICENSE: '', 'dist/index.js': 'export {};' };

function problemsWith(files: Readonly<Record<string, string | object>>): readonly string[] {
  using fixture = new Fixture({ ...GOOD, ...files });
  return contentProblems(fixture.root);
}

describe('a tarball', () => {
  it('may have code, declarations, maps with their sources inside, and a changelog', () => {
    const files = {
      'dist/a/index.d.ts': '',
      'dist/index.js': 'export {};\n//# sourceMappingURL=index.js.map',
      'dist/index.js.map': { sources: ['../src/index.ts'], sourcesContent: ['export {};'] },
      'CHANGELOG.md': '',
    };
    expect(problemsWith(files)).toEqual([]);
  });

  it.each(['src/index.ts', 'dist/store.test.js', 'tsconfig.json', 'dist/.tsbuildinfo', 'README.txt'])(
    'must not have %s',
    (file) => {
      expect(problemsWith({ [file]: '' })).toEqual([`the tarball has ${file}`]);
    },
  );

  it('must have a README and a licence', () => {
    using fixture = new Fixture({ 'package.json': {} });
    expect(contentProblems(fixture.root)).toEqual(['the tarball lacks README.md', 'the tarball lacks LICENSE']);
  });

  it.each(['workspace:^', 'catalog:'])('must not ask its users for version %s', (version) => {
    expect(problemsWith({ 'package.json': { dependencies: { a: version } } })).toEqual([
      'package.json names no version for a dependency',
    ]);
  });

  it('must not name a source map that it does not have', () => {
    expect(problemsWith({ 'dist/index.js': '//# sourceMappingURL=index.js.map' })).toEqual([
      'dist/index.js names index.js.map, which is not there',
    ]);
  });

  it('must not have a source map that points outside of it', () => {
    expect(problemsWith({ 'dist/index.js.map': { sources: ['../src/index.ts'] } })).toEqual([
      'dist/index.js.map points at ../src/index.ts, which is not there',
    ]);
  });
});
