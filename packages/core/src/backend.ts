import { type CleanupOptions, checkCleanup, removeExpired } from './backend-cleanup.js';
import { type ResolvedOptions, type ResultBackendOptions, resolveOptions } from './backend-options.js';
import { type BackendRecord, resultOf, toBackendRecord } from './backend-record.js';
import { type BackendScanOptions, checkScan, scanRecords } from './backend-scan.js';
import { checkStoreOptions, newRecord, type StoreOptions, type StoreOutcome, withStack } from './backend-store.js';
import type { CallOptions, ReadOptions, ResultStore, ScanFilter, StoreStats, TaskRecord } from './contract.js';
import { CONTRACT_VERSION } from './contract.js';
import { Deadlines } from './deadlines.js';
import { type ExpiryRule, expiryFor } from './durations.js';
import { ResultError } from './errors.js';
import { describe, expectId, expectIds, expectSignal, expectTimeout } from './expect.js';
import { ResultGroup } from './group.js';
import type { GroupMembers } from './group-members.js';
import { RemoteError } from './remote-error.js';
import { expectSchema, type StandardSchema, validate } from './standard-schema.js';
import type { TaskState } from './states.js';
import { count, StoreCalls } from './store-calls.js';
import { WaitHub } from './wait-hub.js';
import { found, type WaitContext, type WaitOptions, waitUntilReady, watchStates } from './waiting.js';

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
  /** Of those who get whole records, and of those who get no more than values. */
  readonly #waits: WaitContext;
  readonly #valueWaits: WaitContext;
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
    const timeouts = new Deadlines();
    const waits = (deadlines: boolean): WaitContext => ({
      hub: new WaitHub(store, { pollMs, safetyPollMs, maxItems, deadlines, onBackgroundError }),
      timeouts,
      get: (taskId, signal) => this.#calls.get(taskId, { signal, deadlines }),
    });
    this.#waits = waits(true);
    this.#valueWaits = waits(false);
  }

  /**
   * Stores one state of a task. SUCCESS is final: whatever comes later is not applied.
   * Do not change `result` or `meta` before the promise settles: they are encoded together with the calls around this one.
   */
  async store(
    taskId: string,
    state: TaskState,
    result: unknown = null,
    options: StoreOptions = {},
  ): Promise<StoreOutcome> {
    expectId(taskId, 'taskId');
    expectId(state, 'state');
    checkStoreOptions(options);
    this.#begin(`storing task ${taskId}`, options);
    const blank = newRecord(taskId, state, result, options, this.#options.now);
    const record = this.#withDeadline(blank, options.expiresIn);
    if (this.#isIgnored(state, options)) return { applied: false, ignored: true };
    return this.#calls.put(record, options.route, options.signal);
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
  progress(
    taskId: string,
    info: unknown,
    options?: StoreOptions & { readonly state?: string | undefined },
  ): Promise<StoreOutcome> {
    return this.store(taskId, options?.state ?? 'PROGRESS', info, options);
  }

  /** What is stored now; an unknown id reads as PENDING with `known: false`. Errors: RB_DECODE names the task. */
  async get(taskId: string, options: ReadOptions = {}): Promise<BackendRecord> {
    expectId(taskId, 'taskId');
    this.#begin(`reading task ${taskId}`, options);
    return toBackendRecord(taskId, found(await this.#calls.get(taskId, options)));
  }

  /** Shape: one record per id, same order, duplicates included. Errors: the first that `get` would reject with. */
  async getMany(taskIds: readonly string[], options: ReadOptions = {}): Promise<readonly BackendRecord[]> {
    expectIds(taskIds, 'taskIds');
    this.#begin(`reading ${count(taskIds, 'task')}`, options);
    const outcomes = await Promise.all(taskIds.map((taskId) => this.#calls.get(taskId, options)));
    return taskIds.map((taskId, i) => toBackendRecord(taskId, found(outcomes[i])));
  }

  /** Waits for the return value; its type comes from `schema`, or is claimed as `result<T>`, else unknown. Errors: TaskFailedError where the task failed or was revoked; else as `wait`. */
  async result<T = unknown>(taskId: string, options: ResultOptions<T> = {}): Promise<NoInfer<T>> {
    expectSchema(options.schema);
    const value = resultOf(await this.#waitForValue(taskId, options));
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
    this.#begin(`forgetting ${count(all, 'task')}`, options);
    await Promise.all(all.map((taskId) => this.#calls.delete(taskId, options.signal)));
  }

  /** A group of tasks: saved, loaded, joined. With `members` it can be joined without having been saved. */
  group(groupId: string, members?: GroupMembers): ResultGroup {
    expectId(groupId, 'groupId');
    const deadlineOf = (record: TaskRecord, rule: ExpiryRule | undefined): number | null =>
      this.#withDeadline(record, rule).expiresAt;
    const begin = (doing: string, options: CallOptions): void => this.#begin(doing, options);
    const wait = (taskId: string, options: WaitOptions): Promise<TaskRecord> => this.#waitForValue(taskId, options);
    return new ResultGroup(this, { store: this.#store, calls: this.#calls, begin, deadlineOf, wait }, groupId, members);
  }

  /**
   * Yields the records that are stored and fit the filter, in the store's own order. Nothing is held between pages.
   *
   * Errors: RB_UNSUPPORTED where the store cannot list its records; RB_DECODE as `get`, unless there is an `onRefused`.
   */
  async *scan(
    filter: ScanFilter = {},
    options: BackendScanOptions = {},
  ): AsyncGenerator<BackendRecord, void, undefined> {
    checkScan(filter, options);
    this.#begin('the scan', options);
    for await (const record of scanRecords(this.#store, this.#calls, filter, options))
      yield toBackendRecord(record.taskId, record);
  }

  /** Removes expired records and groups, and returns how many; 0 where the server does so itself. */
  async cleanup(options: CleanupOptions = {}): Promise<number> {
    checkCleanup(options);
    this.#begin('the cleanup', options);
    return removeExpired(this.#store, this.#calls, options);
  }

  /** Counts by state, size and age. Errors: RB_UNSUPPORTED where the store has no statistics. */
  async stats(options: CallOptions = {}): Promise<StoreStats> {
    this.#begin('the statistics', options);
    const { stats, name } = this.#store;
    if (stats === undefined) throw new ResultError('RB_UNSUPPORTED', `${name} has no statistics`);
    return this.#calls.call({ doing: 'the statistics', run: () => stats.read(options), signal: options.signal });
  }

  /** Rejects unless the store answers: for readiness probes. */
  async ping(options: CallOptions = {}): Promise<void> {
    this.#begin('the ping', options);
    await this.#calls.call({
      doing: 'the ping',
      run: () => this.#store.get([PROBE_ID], options),
      signal: options.signal,
    });
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
    try {
      await Promise.all([this.#waits.hub.close(), this.#valueWaits.hub.close()]);
    } finally {
      await this.#store.close();
    }
  }

  /** As `wait`, for those who look at no deadline. */
  async #waitForValue(taskId: string, options: WaitOptions): Promise<TaskRecord> {
    this.#checkWait(taskId, options);
    return waitUntilReady(this.#valueWaits, taskId, options);
  }

  /** Errors: TypeError, RB_CLOSED, RB_ABORTED: before anything is done. */
  #begin(doing: string, { signal }: CallOptions): void {
    expectSignal(signal);
    this.#calls.begin(doing, signal);
  }

  #checkWait(taskId: string, options: WaitOptions): void {
    expectId(taskId, 'taskId');
    expectTimeout(options.timeoutMs);
    this.#begin(`waiting for task ${taskId}`, options);
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

/** Errors: RB_CONTRACT for a store of another contract; RB_UNSUPPORTED for options it cannot keep; TypeError for wrong ones. */
export const createResultBackend = (store: ResultStore, options?: ResultBackendOptions): ResultBackend =>
  new ResultBackend(store, options);
