import { ResultError } from '@rb/core';

/**
 * Characters of Celery's VARCHAR columns. SQLite would take more, but such a record could not be kept in any other database.
 */
export const MAX_ID = 155;
const MAX_STATE = 50;

/** Of an id that is too long; it may be a payload by mistake. */
const MAX_SHOWN = 40;

/** With the flag `u` a pair counts as one character, so only a half matches. */
export const LONE_SURROGATE: RegExp = /\p{Surrogate}/u;

/** Errors: RB_TOO_LARGE; RB_ENCODE where the id is no valid text, since it would be stored as another one. */
export function checkId(id: string, what: 'task' | 'group', limit: number): void {
  const taskId = what === 'task' ? id : undefined;
  if (LONE_SURROGATE.test(id))
    throw new ResultError('RB_ENCODE', `a ${what} id holds half a surrogate pair`, { taskId });
  if (isLonger(id, limit))
    throw new ResultError(
      'RB_TOO_LARGE',
      `the id of ${what} ${id.slice(0, MAX_SHOWN)}... is longer than ${limit} characters`,
      { taskId },
    );
}

export function checkState(taskId: string, state: string): void {
  if (isLonger(state, MAX_STATE))
    throw new ResultError('RB_TOO_LARGE', `the state of task ${taskId} is longer than ${MAX_STATE} characters`, {
      taskId,
    });
}

/** Characters as databases count them: code points. */
export const isLonger = (text: string, limit: number): boolean => text.length > limit && [...text].length > limit;
