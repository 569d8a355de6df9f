import type { TaskRecord } from './contract.js';
import { TaskFailedError } from './errors.js';
import { isReady } from './states.js';
import { isKind } from './values.js';

/** A record as a backend returns it. */
export interface BackendRecord extends TaskRecord {
  /** False where nothing is stored: the task is waiting, was never sent, or its record is gone. Its state then reads PENDING. */
  readonly known: boolean;
  /** Finished: SUCCESS, FAILURE or REVOKED. */
  readonly ready: boolean;
}

export const toBackendRecord = (taskId: string, record: TaskRecord | undefined): BackendRecord =>
  record
    ? { ...record, known: true, ready: isReady(record.state) }
    : {
        taskId,
        state: 'PENDING',
        result: null,
        traceback: null,
        doneAt: null,
        meta: {},
        expiresAt: null,
        known: false,
        ready: false,
      };

/** Errors: TaskFailedError unless the task succeeded. */
export function resultOf(record: TaskRecord): unknown {
  if (record.state === 'SUCCESS') return record.result;
  const { taskId, state, result, traceback } = record;
  throw new TaskFailedError(taskId, state, isKind(result, 'error') ? result : null, traceback);
}
