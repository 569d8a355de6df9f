import { expect, it } from 'vitest';
import { changesetProblems } from '../src/changesets.ts';
import { Fixture } from './fixture.ts';

const PROBLEM = ['@rb/core changed and no file in .changeset/ names it: run `pnpm changeset`'];

const released = (): Fixture => {
  const fixture = new Fixture({
    'packages/core/package.json': { name: '@rb/core', version: '1.0.0' },
    'packages/core/src/a.ts': 'export {};',
    'packages/core/CHANGELOG.md': '# 1.0.0',
  });
  fixture.commit();
  return fixture;
};

it('asks for a changeset of a package that was never released', () => {
  using fixture = new Fixture({
    'packages/core/package.json': { name: '@rb/core' },
    'packages/core/src/a.ts': 'export {};',
    '.changeset/other.md': '---\n"@rb/sql": minor\n---\n\n"@rb/core": is only mentioned.\n',
  });
  expect(changesetProblems(fixture.root)).toEqual(PROBLEM);
  fixture.write('.changeset/a.md', '---\n\'@rb/core\': minor\n"@rb/sql": patch\n---\n\nNew.\n');
  expect(changesetProblems(fixture.root)).toEqual([]);
});

it('asks for none while the sources are those of the last release', () => {
  using fixture = released();
  fixture.write('packages/core/README.md', 'better words');
  fixture.commit();
  expect(changesetProblems(fixture.root)).toEqual([]);
});

it('asks for one when the sources changed since, committed or not', () => {
  using fixture = released();
  fixture.write('packages/core/src/a.ts', 'export const a = 1;');
  expect(changesetProblems(fixture.root)).toEqual(PROBLEM);
  fixture.commit();
  expect(changesetProblems(fixture.root)).toEqual(PROBLEM);
  fixture.write('packages/core/CHANGELOG.md', '# 1.1.0\n# 1.0.0');
  fixture.commit();
  expect(changesetProblems(fixture.root)).toEqual([]);
});

it('asks for none of a package that is not published', () => {
  using fixture = new Fixture({
    'packages/core/package.json': { name: '@rb/core', private: true },
    'packages/core/src/a.ts': '',
  });
  expect(changesetProblems(fixture.root)).toEqual([]);
});
