/** Celery's states; any other string is a custom state: never ready, replaceable by any write. */
export type TaskState =
  | 'PENDING'
  | 'RECEIVED'
  | 'STARTED'
  | 'RETRY'
  | 'SUCCESS'
  | 'FAILURE'
  | 'REVOKED'
  | (string & {});

/** Finished: a wait ends here. Source: celery/states.py READY_STATES. */
export const isReady = (state: TaskState): boolean => state === 'SUCCESS' || state === 'FAILURE' || state === 'REVOKED';

/** Absorbing: no later write changes it. Source: celery/backends/base.py `_store_result`. */
export const isFinal = (state: TaskState): boolean => state === 'SUCCESS';

/** The result of these is an exception. Source: celery/states.py EXCEPTION_STATES. */
export const isExceptionState = (state: TaskState): boolean =>
  state === 'FAILURE' || state === 'RETRY' || state === 'REVOKED';
