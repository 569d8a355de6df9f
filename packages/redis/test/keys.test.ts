import { describe, expect, it } from 'vitest';
import { keysOf } from '../src/keys.js';

describe('keys', () => {
  it('are those of Celery', () => {
    const keys = keysOf('', false);
    expect(keys.task('t')).toBe('celery-task-meta-t');
    expect(keys.group('g')).toBe('celery-taskset-meta-g');
    expect([keys.parts('g'), keys.size('g'), keys.extra('g')]).toEqual([
      'celery-taskset-meta-g.j',
      'celery-taskset-meta-g.s',
      'celery-taskset-meta-g.t',
    ]);
  });

  it.each([
    ['proj', 'proj_celery-task-meta-t'],
    ['proj:', 'proj:celery-task-meta-t'],
    ['proj_', 'proj_celery-task-meta-t'],
    ['proj-', 'proj-celery-task-meta-t'],
    ['proj.', 'proj.celery-task-meta-t'],
  ])('begin with the global prefix %s as Celery 5.5 and later write it', (prefix, key) => {
    expect(keysOf(prefix, false).task('t')).toBe(key);
  });

  it('give the id back, and know other keys as none of a task', () => {
    const keys = keysOf('p:', false);
    expect(keys.taskIdOf(keys.task('a/b:*{c}'))).toBe('a/b:*{c}');
    expect(keys.taskIdOf(keys.group('g'))).toBeUndefined();
    expect(keys.taskIdOf('celery-task-meta-t')).toBeUndefined();
  });

  it('escape the prefix in the pattern of a scan', () => {
    expect(keysOf('a*[b]?\\:', false).taskPattern).toBe('a\\*\\[b\\]\\?\\\\:celery-task-meta-*');
  });

  it('of one group share a slot in a Cluster', () => {
    const keys = keysOf('', true);
    expect(keys.parts('g')).toBe('{celery-taskset-meta-g}.j');
    // Hashed by what is between its own braces.
    expect(keys.parts('g{x}')).toBe('celery-taskset-meta-g{x}.j');
  });
});
