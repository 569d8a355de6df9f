import { escapeGlob } from './glob.js';

/** Celery's keys, which are also its channels. Source: celery/backends/base.py KeyValueStoreBackend, redis.py. */
export interface Keys {
  task(taskId: string): string;
  /** The id in a task's key; undefined for any other key. */
  taskIdOf(key: string): string | undefined;
  group(groupId: string): string;
  /** Reported parts (a zset), their expected number, and what tasks added to it. Celery's chords. */
  parts(groupId: string): string;
  size(groupId: string): string;
  extra(groupId: string): string;
  /** For SCAN: matches the keys of tasks, and few others. */
  readonly taskPattern: string;
}

const TASK = 'celery-task-meta-';
const GROUP = 'celery-taskset-meta-';

/** @param cluster Keys of one group must share a slot; Celery, which knows no Cluster, has no say in how. */
export function keysOf(globalPrefix: string, cluster: boolean): Keys {
  const prefix = withSeparator(globalPrefix);
  const task = `${prefix}${TASK}`;
  const group = (groupId: string): string => `${prefix}${GROUP}${groupId}`;
  const beside = (groupId: string, suffix: string): string => {
    const key = group(groupId);
    // A key with braces of its own is hashed by what is between them, and so is a longer one that begins with it.
    return cluster && !/\{[^}]+\}/.test(key) ? `{${key}}${suffix}` : `${key}${suffix}`;
  };
  return {
    task: (taskId) => `${task}${taskId}`,
    taskIdOf: (key) => (key.startsWith(task) ? key.slice(task.length) : undefined),
    group,
    parts: (groupId) => beside(groupId, '.j'),
    size: (groupId) => beside(groupId, '.s'),
    extra: (groupId) => beside(groupId, '.t'),
    taskPattern: `${escapeGlob(task)}*`,
  };
}

/** As Celery 5.5 and later: a prefix that does not end in a separator gets one. */
const withSeparator = (prefix: string): string => (prefix === '' || /[:_.-]$/.test(prefix) ? prefix : `${prefix}_`);
