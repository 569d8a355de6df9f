import { throwIfAborted } from './abort.js';
import { type ResolvedOptions, type ResultBackendOptions, resolveOptions } from './backend-options.js';
import { type BackendRecord, resultOf, toBackendRecord } from './backend-record.js';
import type { CallOptions, ResultStore, Route, StoreStats, TaskMeta, TaskRecord } from './contract.js';
import { CONTRACT_VERSION } from './contract.js';
import { Deadlines } from './deadlines.js';
import { type ExpiryRule, expiryFor } from './durations.js';
import { ResultError } from './errors.js';
import { describe, expectId, expectIds, expectTimeout } from './expect.js';
import { type GroupMembers, ResultGroup } from './group.js';
import { RemoteError } from './remote-error.js';
import { type StandardSchema, validate } from './standard-schema.js';
import { isExceptionState, isReady, type TaskState } from './states.js';
import { count, StoreCalls } from './store-calls.js';
import { WaitHub } from './wait-hub.js';
import { found, type WaitContext, type WaitOptions, waitUntilReady, watchStates } from './waiting.js';

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

export interface ResultOptions<T> extends WaitOptions {
  /** Checks the value and gives it its type: any Standard Schema (zod, valibot, arktype ...). */
  readonly schema?: StandardSchema<T> | undefined;
}

/** Celery's result_expires. */
const DEFAULT_EXPIRY_MS = 86_400_000;

/** An id that nobody stores. */
const PROBE_ID = 'rb-ping';

/**
 * What an application holds: stores, reads, awaits and forgets results in one store, Celery's way.
 *
 * Concurrent calls of one tick become one batch; what fails for a passing reason is retried; failures are ResultErrors,
 * mistakes in arguments TypeErrors. Closing it closes its store.
 */
export class ResultBackend implements AsyncDisposable {
  readonly #store: ResultStore;
  readonly #options: ResolvedOptions;
  readonly #calls: StoreCalls;
  readonly #waits: WaitContext;
  #closing: Promise<void> | undefined;

  constructor(store: ResultStore, options: ResultBackendOptions = {}) {
    if (store?.contract !== CONTRACT_VERSION) {
      const got = describe(store?.contract);
      throw new ResultError(
        'RB_CONTRACT',
        `expected a store of contract ${CONTRACT_VERSION}, got ${got}: install versions of @rb/core and the adapter that fit`,
      );
    }
    this.#store = store;
    this.#options = resolveOptions(store, options);
    this.#calls = new StoreCalls(store, this.#options);
    const { pollMs, safetyPollMs, maxBatchItems: maxItems, onBackgroundError } = this.#options;
    this.#waits = {
      hub: new WaitHub(store, { pollMs, safetyPollMs, maxItems, onBackgroundError }),
      deadlines: new Deadlines(),
      get: (taskId, signal) => this.#calls.get(taskId, signal),
    };
  }

  /** Stores one state of a task. SUCCESS is final: whatever comes later is not applied. */
  async store(
    taskId: string,
    state: TaskState,
    result: unknown = null,
    options: StoreOptions = {},
  ): Promise<StoreOutcome> {
    expectId(taskId, 'taskId');
    expectId(state, 'state');
    throwIfAborted(options.signal, `storing task ${taskId}`);
    if (this.#isIgnored(state, options)) return { applied: false, ignored: true };
    const ready = isReady(state);
    const record: TaskRecord = {
      taskId,
      state,
      result: result instanceof Error && isExceptionState(state) ? RemoteError.from(result) : result,
      traceback: options.traceback ?? null,
      doneAt: ready ? (options.doneAt ?? this.#options.now()) : null,
      meta: options.meta ?? {},
      expiresAt: null,
    };
    return this.#calls.put(this.#withDeadline(record, options.expiresIn), options.route, options.signal);
  }

  /** SUCCESS with its return value. */
  succeed(taskId: string, value: unknown, options?: StoreOptions): Promise<StoreOutcome> {
    return this.store(taskId, 'SUCCESS', value, options);
  }

  /** FAILURE with its error: an Error, a RemoteError, or text. */
  fail(taskId: string, error: unknown, options?: StoreOptions): Promise<StoreOutcome> {
    return this.store(taskId, 'FAILURE', RemoteError.from(error), withStack(error, options));
  }

  /** STARTED; Celery's workers say `{ pid, hostname }`. */
  start(taskId: string, info: unknown = null, options?: StoreOptions): Promise<StoreOutcome> {
    return this.store(taskId, 'STARTED', info, options);
  }

  /** RETRY, with the error that made it necessary. */
  retry(taskId: string, error: unknown = null, options?: StoreOptions): Promise<StoreOutcome> {
    const remote = error === null ? null : RemoteError.from(error);
    return this.store(taskId, 'RETRY', remote, withStack(error, options));
  }

  /** REVOKED; Celery's reasons are `revoked`, `expired` and `terminated`. */
  revoke(taskId: string, reason = 'revoked', options?: StoreOptions): Promise<StoreOutcome> {
    const error = new RemoteError('TaskRevokedError', 'celery.exceptions', [reason]);
    return this.store(taskId, 'REVOKED', error, options);
  }

  /** A custom state on the way, for `watch`; Celery's `update_state`. */
  progress(taskId: string, info: unknown, options?: StoreOptions & { readonly state?: string }): Promise<StoreOutcome> {
    return this.store(taskId, options?.state ?? 'PROGRESS', info, options);
  }

  /** What is stored now; an unknown id reads as PENDING with `known: false`. Errors: RB_DECODE names the task. */
  async get(taskId: string, options: CallOptions = {}): Promise<BackendRecord> {
    expectId(taskId, 'taskId');
    throwIfAborted(options.signal, `reading task ${taskId}`);
    return toBackendRecord(taskId, found(await this.#calls.get(taskId, options.signal)));
  }

  /** Shape: one record per id, same order, duplicates included. Errors: the first that `get` would reject with. */
  async getMany(taskIds: readonly string[], options: CallOptions = {}): Promise<readonly BackendRecord[]> {
    expectIds(taskIds, 'taskIds');
    throwIfAborted(options.signal, `reading ${count(taskIds, 'task')}`);
    return Promise.all(taskIds.map((taskId) => this.get(taskId, options)));
  }

  /** Waits for the return value. Errors: TaskFailedError where the task failed or was revoked; else as `wait`. */
  async result<T = unknown>(taskId: string, options: ResultOptions<T> = {}): Promise<T> {
    const value = resultOf(await this.wait(taskId, options));
    return options.schema ? validate(options.schema, value, taskId) : (value as T);
  }

  /** Waits for a ready record, also a failed one. Errors: RB_TIMEOUT, RB_ABORTED, RB_CLOSED, RB_DECODE. */
  async wait(taskId: string, options: WaitOptions = {}): Promise<BackendRecord> {
    this.#checkWait(taskId, options);
    return toBackendRecord(taskId, await waitUntilReady(this.#waits, taskId, options));
  }

  /** Yields what is stored now, then each change that is seen, until a ready record. Errors: as `wait`. */
  async *watch(taskId: string, options: WaitOptions = {}): AsyncGenerator<BackendRecord, void, undefined> {
    this.#checkWait(taskId, options);
    for await (const record of watchStates(this.#waits, taskId, options)) yield toBackendRecord(taskId, record);
  }

  /** Deletes what is stored; the id then reads as unknown, and accepts a new history. */
  async forget(taskIds: string | readonly string[], options: CallOptions = {}): Promise<void> {
    const all = typeof taskIds === 'string' ? [taskIds] : taskIds;
    expectIds(all, 'taskIds');
    throwIfAborted(options.signal, `forgetting ${count(all, 'task')}`);
    await Promise.all(all.map((taskId) => this.#calls.delete(taskId, options.signal)));
  }

  /** A group of tasks: saved, loaded, joined. With `members` it can be joined without having been saved. */
  group(groupId: string, members?: GroupMembers): ResultGroup {
    expectId(groupId, 'groupId');
    const deadlineOf = (record: TaskRecord, rule: ExpiryRule | undefined): number | null =>
      this.#withDeadline(record, rule).expiresAt;
    return new ResultGroup(this, { store: this.#store, calls: this.#calls, deadlineOf }, groupId, members);
  }

  /** Removes expired records and returns how many; 0 where the server does so itself. */
  async cleanup(options: CallOptions & { readonly batchSize?: number } = {}): Promise<number> {
    const { signal, batchSize = 1_000 } = options;
    const sweep = this.#store.expiry?.sweep;
    if (sweep === undefined) return 0;
    for (let total = 0; ; ) {
      const removed = await this.#calls.call('sweep', () => sweep(batchSize, { signal }), signal);
      total += removed;
      if (removed < batchSize) return total;
    }
  }

  /** Counts by state, size and age. Errors: RB_UNSUPPORTED where the store has no statistics. */
  async stats(options: CallOptions = {}): Promise<StoreStats> {
    const { stats, name } = this.#store;
    if (stats === undefined) throw new ResultError('RB_UNSUPPORTED', `${name} has no statistics`);
    return this.#calls.call('stats', () => stats.read(options), options.signal);
  }

  /** Rejects unless the store answers: for readiness probes. */
  async ping(options: CallOptions = {}): Promise<void> {
    await this.#calls.call('ping', () => this.#store.get([PROBE_ID], options), options.signal);
  }

  /** Ends every wait with RB_CLOSED and closes the store. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#calls.close();
    await this.#waits.hub.close();
    await this.#store.close();
  }

  #checkWait(taskId: string, options: WaitOptions): void {
    expectId(taskId, 'taskId');
    expectTimeout(options.timeoutMs);
    if (this.#closing) throw new ResultError('RB_CLOSED', 'the backend is closed');
  }

  #isIgnored(state: TaskState, options: StoreOptions): boolean {
    const ignored = options.ignoreResult ?? this.#options.ignoreResult;
    const failed = state === 'FAILURE' || state === 'REVOKED';
    return ignored && !(failed && this.#options.storeErrorsEvenIfIgnored);
  }

  #withDeadline(record: TaskRecord, rule: ExpiryRule | undefined): TaskRecord {
    let ms = expiryFor(rule, record);
    if (ms === undefined) ms = expiryFor(this.#options.expiresIn, record);
    if (ms === undefined) ms = this.#store.expiry ? DEFAULT_EXPIRY_MS : null;
    if (ms === null) return record;
    if (this.#store.expiry === undefined) {
      throw new ResultError('RB_UNSUPPORTED', `${this.#store.name} cannot expire records: leave expiresIn out`);
    }
    return { ...record, expiresAt: Math.round(this.#options.now() + ms) };
  }
}

function withStack(error: unknown, options: StoreOptions = {}): StoreOptions {
  return error instanceof Error && options.traceback === undefined
    ? { ...options, traceback: error.stack ?? null }
    : options;
}

/** Errors: RB_CONTRACT for a store of another contract; RB_UNSUPPORTED for options it cannot keep; TypeError for wrong ones. */
export const createResultBackend = (store: ResultStore, options?: ResultBackendOptions): ResultBackend =>
  new ResultBackend(store, options);
