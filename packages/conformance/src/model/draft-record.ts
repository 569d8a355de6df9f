import { isExceptionState, isReady, RemoteError, type TaskRecord } from '@rb/core';
import type { ClauseContext } from '../context.js';
import type { Draft } from './command.js';

/** How long a deadline ahead leaves: much longer than any sequence takes. */
export const LIFE_MS = 60_000;

const LEFT_MS: Readonly<Record<Draft['deadline'], number>> = {
  none: Number.POSITIVE_INFINITY,
  ahead: LIFE_MS,
  // An hour: clocks differ.
  past: -3_600_000,
};

export const leftMsOf = ({ deadline }: Draft): number => LEFT_MS[deadline];

/** @param mark Unlike that of any other record of the sequence, so that a read shows which put it comes from. */
export function draftRecord(t: ClauseContext, draft: Draft, taskId: string, mark: string): TaskRecord {
  const { state, laden } = draft;
  const leftMs = leftMsOf(draft);
  return t.record({
    taskId,
    state,
    result: isExceptionState(state) ? new RemoteError('ValueError', 'builtins', [mark]) : mark,
    doneAt: isReady(state) ? Math.floor(t.now()) : null,
    traceback: laden && isExceptionState(state) ? `traceback of ${mark}` : null,
    meta: laden ? keptMeta(t, { name: `name of ${mark}`, retries: 3, note: mark }) : {},
    expiresAt: Number.isFinite(leftMs) ? Math.floor(t.now()) + leftMs : null,
  });
}

const keptMeta = (t: ClauseContext, meta: TaskRecord['meta']): TaskRecord['meta'] => {
  const { keeps } = t.facts.traits;
  return keeps === 'all' ? meta : Object.fromEntries(Object.entries(meta).filter(([key]) => keeps.includes(key)));
};
