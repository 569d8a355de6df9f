import type { CallOptions, Route, TaskMeta, TaskRecord } from './contract.js';
import type { ExpiryRule } from './durations.js';
import { describe, expectId, expectObject } from './expect.js';
import { RemoteError } from './remote-error.js';
import { isExceptionState, isReady, type TaskState } from './states.js';

export interface StoreOptions extends CallOptions {
  /** Instead of the backend's own rule, for this record. */
  readonly expiresIn?: ExpiryRule | undefined;
  /** @default null; for `fail` and `retry` the error's own stack */
  readonly traceback?: string | null | undefined;
  /** Unix milliseconds. @default now, for ready states */
  readonly doneAt?: number | undefined;
  readonly meta?: TaskMeta | undefined;
  /** Instead of the backend's own setting. */
  readonly ignoreResult?: boolean | undefined;
  /** Where the task's owner listens: needed by stores that send results instead of keeping them. */
  readonly route?: Route | undefined;
}

export type StoreOutcome =
  | { readonly applied: true }
  /** A SUCCESS was there; nothing changed. */
  | { readonly applied: false; readonly state: TaskState }
  /** Results are ignored; nothing was sent. */
  | { readonly applied: false; readonly ignored: true };

/** Errors: TypeError for what would only fail, or mean something else, inside a store. */
export function checkStoreOptions({ traceback, doneAt, meta, route }: StoreOptions): void {
  if (traceback !== undefined && traceback !== null && typeof traceback !== 'string') {
    throw new TypeError(`expected text or null as traceback, got ${describe(traceback)}`);
  }
  if (doneAt !== undefined && !Number.isFinite(doneAt)) {
    throw new TypeError(`expected doneAt as Unix milliseconds, got ${describe(doneAt)}`);
  }
  if (meta !== undefined) expectObject(meta, 'meta');
  if (route !== undefined) {
    expectObject(route, 'route');
    expectId(route.replyTo, 'route.replyTo');
    expectId(route.correlationId, 'route.correlationId');
  }
}

/** In FAILURE, RETRY and REVOKED an Error, or text, becomes a RemoteError. */
export function newRecord(
  taskId: string,
  state: TaskState,
  result: unknown,
  options: StoreOptions,
  now: () => number,
): TaskRecord {
  const isError = isExceptionState(state) && (result instanceof Error || typeof result === 'string');
  return {
    taskId,
    state,
    result: isError ? RemoteError.from(result) : result,
    traceback: options.traceback ?? null,
    doneAt: isReady(state) ? (options.doneAt ?? now()) : null,
    meta: options.meta ?? {},
    expiresAt: null,
  };
}

/** The error's own stack as its traceback, unless another was given. */
export function withStack(error: unknown, options: StoreOptions = {}): StoreOptions {
  return error instanceof Error && options.traceback === undefined
    ? { ...options, traceback: error.stack ?? null }
    : options;
}
