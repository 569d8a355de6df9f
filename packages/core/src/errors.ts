import type { RemoteError } from './remote-error.js';
import type { TaskState } from './states.js';

/** Stable between majors; messages are not. */
export type ResultErrorCode =
  | 'RB_CLOSED'
  | 'RB_ABORTED'
  | 'RB_TIMEOUT'
  | 'RB_UNAVAILABLE'
  | 'RB_OUTCOME_UNKNOWN'
  | 'RB_ENCODE'
  | 'RB_DECODE'
  | 'RB_TOO_LARGE'
  | 'RB_UNSUPPORTED'
  | 'RB_NOT_FOUND'
  | 'RB_DENIED'
  | 'RB_SCHEMA'
  | 'RB_CONTRACT'
  | 'RB_STORE';

// Registered symbols are shared by duplicate installs of this package.
const RESULT_ERROR = Symbol.for('@rb/core.ResultError');
const TASK_FAILED = Symbol.for('@rb/core.TaskFailedError');

const RETRYABLE: ReadonlySet<ResultErrorCode> = new Set(['RB_UNAVAILABLE', 'RB_OUTCOME_UNKNOWN']);

export interface ResultErrorOptions {
  readonly cause?: unknown;
  readonly taskId?: string | undefined;
  /** @default true for RB_UNAVAILABLE and RB_OUTCOME_UNKNOWN, false otherwise */
  readonly retryable?: boolean | undefined;
}

/** A call that failed. (A *task* that failed is a TaskFailedError, or a record.) Messages never hold payloads or credentials. */
export class ResultError extends Error {
  readonly code: ResultErrorCode;
  /** Whether the same call may succeed later. Every retryable call of a store is safe to repeat. */
  readonly retryable: boolean;
  readonly taskId?: string;

  constructor(code: ResultErrorCode, message: string, options: ResultErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code === 'RB_ABORTED' ? 'AbortError' : code === 'RB_TIMEOUT' ? 'TimeoutError' : 'ResultError';
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    if (options.taskId !== undefined) this.taskId = options.taskId;
    Object.defineProperty(this, RESULT_ERROR, { value: true });
  }
}

const branded = (value: unknown, brand: symbol): boolean =>
  typeof value === 'object' && value !== null && brand in value;

/** Works across duplicate installs, where `instanceof` does not. */
export const isResultError = (value: unknown): value is ResultError => branded(value, RESULT_ERROR);

/** The task itself failed or was revoked: what `result()` and `join()` reject with. */
export class TaskFailedError extends Error {
  override readonly name = 'TaskFailedError';
  readonly taskId: string;
  /** FAILURE or REVOKED. */
  readonly state: TaskState;
  /** The exception as data; null where none was stored. */
  readonly remote: RemoteError | null;
  /** The remote traceback's text. */
  readonly traceback: string | null;

  constructor(taskId: string, state: TaskState, remote: RemoteError | null, traceback: string | null) {
    super(`task ${taskId} ended in ${state}${remote ? `: ${remote}` : ''}`);
    this.taskId = taskId;
    this.state = state;
    this.remote = remote;
    this.traceback = traceback;
    Object.defineProperty(this, TASK_FAILED, { value: true });
  }
}

/** Works across duplicate installs, where `instanceof` does not. */
export const isTaskFailedError = (value: unknown): value is TaskFailedError => branded(value, TASK_FAILED);

/** An unknown throwable as a ResultError; anything foreign becomes RB_STORE. */
export const asResultError = (cause: unknown, doing: string): ResultError =>
  isResultError(cause) ? cause : new ResultError('RB_STORE', `${doing} failed unexpectedly; see the cause`, { cause });
