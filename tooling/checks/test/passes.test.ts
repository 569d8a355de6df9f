import { describe, expect, it } from 'vitest';
import { repositoryFiles } from '../src/files.ts';
import { DOCKER_SUITES, passes, total } from '../src/passes.ts';
import { ROOT } from '../src/workspace.ts';

describe('the passes of a run', () => {
  it('are one, on whatever servers there are, where a developer runs the tests', () => {
    expect(passes([], {})).toEqual([{ name: 'tests', env: {}, args: [] }]);
    expect(passes(['--project', '@rb/core'], {})).toEqual([
      { name: 'tests', env: {}, args: ['--project', '@rb/core'] },
    ]);
  });

  it('are all tests on local processes, then some in Docker, in CI', () => {
    expect(passes([], { CI: 'true' })).toEqual([
      { name: 'tests', env: { RB_SERVERS: 'local' }, args: [] },
      { name: 'tests in Docker', env: { RB_SERVERS: 'docker' }, args: DOCKER_SUITES },
    ]);
  });

  it.each([
    ['CI says which servers', [], { CI: 'true', RB_SERVERS: 'env' }],
    ['arguments say which tests', ['--project', '@rb/core'], { CI: 'true' }],
  ])('are one where %s', (_, args, env) => {
    expect(passes(args, env)).toEqual([{ name: 'tests', env: {}, args }]);
  });

  it('name files in Docker that there are: a name of none would be passed over without a word', () => {
    const tests = repositoryFiles(ROOT).filter((file) => file.endsWith('.test.ts'));
    for (const suite of DOCKER_SUITES)
      expect(
        tests.some((file) => file.includes(suite)),
        suite,
      ).toBe(true);
  });
});

describe('the total of passes', () => {
  const local = { passed: 10, failed: [{ name: 'x', error: 'one' }], skipped: [{ name: 'a', reason: 'b' }] };
  const docker = { passed: 3, failed: [{ name: 'y', error: 'two' }], skipped: [{ name: 'c' }] };

  it('counts the tests of each', () => {
    expect(total([local, docker])).toEqual({
      passed: 13,
      failed: [
        { name: 'x', error: 'one' },
        { name: 'y', error: 'two' },
      ],
      skipped: [{ name: 'a', reason: 'b' }, { name: 'c' }],
    });
  });

  it('is that of the others where one broke down, and none where all did', () => {
    expect(total([undefined, docker])).toEqual(docker);
    expect(total([undefined])).toBeUndefined();
    expect(total([])).toBeUndefined();
  });
});
