/** What all benches store: ids as Celery gives them, a value of some 100 bytes, a day to live. */
import type { TaskRecord } from '@rb/core';

/** As many as are stored or read at once. */
export const BATCH = 500;

export const VALUE: Readonly<Record<string, unknown>> = {
  total: 42,
  items: ['a', 'b', 'c'],
  note: 'an ordinary result',
  done: true,
  ratio: 0.25,
};

let serial = 0;
export const newIds = (count: number): string[] =>
  Array.from({ length: count }, () => `0190f3a2-7c1e-7000-8000-${String(serial++).padStart(12, '0')}`);

export const deadline = (): number => Date.now() + 86_400_000;

export const recordOf = (taskId: string): TaskRecord => ({
  taskId,
  state: 'SUCCESS',
  result: VALUE,
  traceback: null,
  doneAt: Date.now(),
  meta: {},
  expiresAt: deadline(),
});

/** The same as a user of the bare driver would write it. */
export const documentOf = (taskId: string): string =>
  JSON.stringify({
    status: 'SUCCESS',
    result: VALUE,
    traceback: null,
    children: [],
    date_done: new Date().toISOString(),
    task_id: taskId,
  });

export const keyOf = (taskId: string): string => `celery-task-meta-${taskId}`;
