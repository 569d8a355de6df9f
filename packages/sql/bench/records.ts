/** What all benches store: ids as Celery gives them, a value of some 100 bytes, a day to live. */
import { randomUUID } from 'node:crypto';
import type { TaskRecord } from '@rb/core';

/** As many as are stored or read at once. */
export const BATCH = 500;
export const DAY_MS = 86_400_000;

export const VALUE: Readonly<Record<string, unknown>> = {
  total: 42,
  items: ['a', 'b', 'c'],
  note: 'an ordinary result',
};

export const newIds = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

export const recordOf = (taskId: string, expiresAt: number = Date.now() + DAY_MS): TaskRecord => ({
  taskId,
  state: 'SUCCESS',
  result: VALUE,
  traceback: null,
  doneAt: Date.now(),
  meta: {},
  expiresAt,
});
