import { describe, expect, it } from 'vitest';
import { lockFileProblems, mentionProblems, topLevelProblems } from '../src/layout.ts';
import { Fixture } from './fixture.ts';

// Joined, as in the source: this file is in the repository that the check reads.
const PARENT = ['..', 'shared', 'design.md'].join('/');
const MACHINE = ['', 'work', 'main'].join('/');

// Both ways of listing files must come to the same answer.
describe.each(['with git', 'without git'])('the repository %s', (how) => {
  const repository = (files: Readonly<Record<string, string>>): Fixture => {
    const fixture = new Fixture({ 'package.json': '{}', '.gitignore': 'node_modules/\n.tooling/\n', ...files });
    if (how === 'with git') fixture.commit();
    return fixture;
  };

  it('may hold what the map of the repository names, and what tools write', () => {
    using fixture = repository({
      'packages/core/a.ts': '',
      '.changeset/a.md': '',
      'node_modules/a': '',
      '.tooling/a': '',
    });
    expect(topLevelProblems(fixture.root)).toEqual([]);
  });

  it('must not hold anything else at its top level', () => {
    using fixture = repository({ 'docs/guide.md': '', 'jest.config.js': '' });
    expect(topLevelProblems(fixture.root).toSorted()).toEqual([
      'docs does not belong to the top level: move it under packages/ or tooling/',
      'jest.config.js does not belong to the top level: move it under packages/ or tooling/',
    ]);
  });

  it('must not mention a place that no clone has', () => {
    using fixture = repository({
      'README.md': `one\nsee ${PARENT}`,
      '.ci/run': MACHINE,
      'packages/core/a.ts': `// ${MACHINE}`,
      LICENSE: 'shared/',
    });
    const problems = mentionProblems(fixture.root);
    expect(problems.map((problem) => problem.split(' ')[0]).toSorted()).toEqual([
      '.ci/run:1',
      'README.md:2',
      'packages/core/a.ts:1',
    ]);
  });
});

describe('the list of files', () => {
  it('has those that were made but not committed, and bears those that were deleted', () => {
    using fixture = new Fixture({ 'package.json': '{}', 'README.md': PARENT });
    fixture.commit();
    fixture.write('docs/new.md', MACHINE);
    fixture.git('rm', '--cached', '--quiet', 'README.md');
    expect(topLevelProblems(fixture.root)).toHaveLength(1);
    expect(mentionProblems(fixture.root)).toHaveLength(2);
  });
});

describe('the lock file', () => {
  it('may hold versions and hashes', () => {
    using fixture = new Fixture({ 'pnpm-lock.yaml': '  knip@6.44.2:\n    resolution: {integrity: sha512-abc}\n' });
    expect(lockFileProblems(fixture.root)).toEqual([]);
  });

  it.each(['resolution: {tarball: knip.tgz}', 'registry: https://npm.example.org'])('must not hold %s', (line) => {
    using fixture = new Fixture({ 'pnpm-lock.yaml': `packages:\n  ${line}\n` });
    expect(lockFileProblems(fixture.root)).toEqual([`pnpm-lock.yaml:2 names a host: ${line}`]);
  });
});
