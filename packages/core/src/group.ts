import { onAbort } from './abort.js';
import type { ResultBackend } from './backend.js';
import { type BackendRecord, resultOf } from './backend-record.js';
import type { CallOptions, GroupCapability, GroupReport, ResultStore, TaskRecord } from './contract.js';
import type { ExpiryRule } from './durations.js';
import { isResultError, isTaskFailedError, ResultError } from './errors.js';
import { expectId, expectTimeout } from './expect.js';
import { expectNode, type GroupMembers, leavesOf, toNodes } from './group-members.js';
import type { ResultNode } from './result-node.js';
import { isReady } from './states.js';
import type { StoreCalls } from './store-calls.js';
import type { WaitOptions } from './waiting.js';

export interface SaveGroupOptions extends CallOptions {
  /** Instead of the backend's own rule. Of one per state `default` applies; a function gets a record of state `GROUP`. */
  readonly expiresIn?: ExpiryRule | undefined;
  /** The task that the group hangs on, in a chain. */
  readonly parent?: ResultNode | undefined;
}

export interface GroupContext {
  readonly store: ResultStore;
  readonly calls: StoreCalls;
  /** Errors: TypeError, RB_CLOSED, RB_ABORTED: before anything is done. */
  readonly begin: (doing: string, options: CallOptions) => void;
  /** For the value alone: the record's deadline may be missing. */
  readonly wait: (taskId: string, options: WaitOptions) => Promise<TaskRecord>;
  readonly deadlineOf: (record: TaskRecord, rule: ExpiryRule | undefined) => number | null;
}

/** Tasks that belong together. Made by `backend.group(id)`; reading or joining loads the members once. */
export class ResultGroup {
  readonly groupId: string;
  readonly #backend: ResultBackend;
  readonly #context: GroupContext;
  #members: readonly ResultNode[] | undefined;

  constructor(backend: ResultBackend, context: GroupContext, groupId: string, members?: GroupMembers) {
    this.#backend = backend;
    this.#context = context;
    this.groupId = groupId;
    this.#members = members && toNodes(members);
  }

  /** Stores the members in order, where Celery finds them. Replaces a group of the same id. */
  async save(members: GroupMembers, options: SaveGroupOptions = {}): Promise<void> {
    const nodes = toNodes(members);
    const { groupId } = this;
    const { signal, parent = null, expiresIn } = options;
    if (parent !== null) expectNode(parent, 'parent');
    const doing = `saving group ${groupId}`;
    const groups = this.#begin(doing, options);
    const blank = { taskId: groupId, state: 'GROUP', result: null, traceback: null, doneAt: null, meta: {} };
    const expiresAt = this.#context.deadlineOf({ ...blank, expiresAt: null }, expiresIn);
    const group = { groupId, members: nodes, parent, expiresAt };
    await this.#context.calls.call({ doing, run: () => groups.save(group, { signal }), signal });
    this.#members = nodes;
  }

  /** Shape: the members in order; undefined where no such group is stored (or it expired). */
  async load(options: CallOptions = {}): Promise<readonly ResultNode[] | undefined> {
    const doing = `loading group ${this.groupId}`;
    const groups = this.#begin(doing, options);
    const run = (): ReturnType<GroupCapability['load']> => groups.load(this.groupId, options);
    const group = await this.#context.calls.call({ doing, run, signal: options.signal });
    // Members that were passed in stay, also where the store knows nothing of the group.
    if (group) this.#members = group.members;
    return group?.members;
  }

  /**
   * Waits for all values, in member order; a group inside is an array.
   *
   * Errors: the first TaskFailedError as soon as it is known; RB_NOT_FOUND for an unknown group; else as `wait`.
   */
  async join<T = unknown>(options: WaitOptions = {}): Promise<NoInfer<T>[]> {
    return this.#collect(options, async (record) => resultOf(await record)) as Promise<T[]>;
  }

  /**
   * Waits for all members, whatever their state; one that cannot be read is `rejected` too.
   *
   * Shape:  as `Promise.allSettled`, in member order; a group inside is an array.
   * Errors: as `join`, save for what concerns one member alone.
   */
  async joinSettled<T = unknown>(options: WaitOptions = {}): Promise<PromiseSettledResult<NoInfer<T>>[]> {
    const settle = async (record: Promise<TaskRecord>): Promise<PromiseSettledResult<unknown>> => {
      try {
        return { status: 'fulfilled', value: resultOf(await record) };
      } catch (reason) {
        const ofMember = isTaskFailedError(reason) || (isResultError(reason) && reason.code === 'RB_DECODE');
        if (ofMember) return { status: 'rejected', reason };
        throw reason;
      }
    };
    return this.#collect(options, settle) as Promise<PromiseSettledResult<T>[]>;
  }

  /** Yields the ready record of each task, groups inside included, in the order in which they become ready. */
  async *asCompleted(options: WaitOptions = {}): AsyncGenerator<BackendRecord, void, undefined> {
    const taskIds = leavesOf(await this.#loaded(options));
    const siblings = siblingsOf(options);
    const ready: BackendRecord[] = [];
    let failure: { readonly error: unknown } | undefined;
    let wake = (): void => {};
    for (const taskId of taskIds) {
      this.#backend
        .wait(taskId, siblings.options)
        .then(
          (record) => ready.push(record),
          (error) => {
            failure ??= { error };
          },
        )
        .finally(() => wake());
    }
    try {
      for (let left = taskIds.length; left > 0; ) {
        for (let record = ready.shift(); record; record = ready.shift(), left -= 1) yield record;
        if (left === 0) return;
        if (failure) throw failure.error;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      siblings.release();
    }
  }

  /**
   * Counts a ready member, once; exactly one report of a group, across all processes, is the `last`.
   *
   * @param task The record, or the id of one that is stored. Errors: TypeError where it is not ready.
   * RB_OUTCOME_UNKNOWN is not retried, as the repeated report would no longer be the last: once `reported` is
   * the size of the group, its work may have to be done again.
   */
  async report(task: string | TaskRecord, options: CallOptions = {}): Promise<GroupReport> {
    const taskId = typeof task === 'object' ? task?.taskId : task;
    expectId(taskId, 'the id of the reported task');
    const doing = `reporting task ${taskId} to group ${this.groupId}`;
    const groups = this.#begin(doing, options);
    const record = typeof task === 'string' ? await this.#backend.get(task, options) : task;
    if (!isReady(record.state)) {
      throw new TypeError(`expected a ready task to report, got ${taskId} in ${record.state}: store its result first`);
    }
    return this.#context.calls.call({
      doing,
      run: () => groups.report(this.groupId, record, options),
      signal: options.signal,
      mayRepeat: ({ code, retryable }) => retryable && code !== 'RB_OUTCOME_UNKNOWN',
    });
  }

  /** Deletes the group and its tasks' records. */
  async forget(options: CallOptions = {}): Promise<void> {
    const doing = `deleting group ${this.groupId}`;
    this.#context.begin(doing, options);
    const members = this.#members ?? (await this.load(options)) ?? [];
    const { calls, store } = this.#context;
    const { groups } = store;
    const run = async (): Promise<unknown> => groups?.delete(this.groupId, options);
    await Promise.all([
      this.#backend.forget(leavesOf(members), options),
      calls.call({ doing, run, signal: options.signal }),
    ]);
    if (groups) this.#members = undefined;
  }

  /** Errors: as the backend's own `begin`; RB_UNSUPPORTED where the store keeps no groups. */
  #begin(doing: string, options: CallOptions): GroupCapability {
    const { store, begin } = this.#context;
    begin(doing, options);
    if (store.groups) return store.groups;
    const next = 'pass the members to backend.group(id, members) to join them without';
    throw new ResultError('RB_UNSUPPORTED', `${store.name} cannot keep groups; ${next}`);
  }

  async #loaded(options: WaitOptions): Promise<readonly ResultNode[]> {
    expectTimeout(options.timeoutMs);
    this.#context.begin(`joining group ${this.groupId}`, options);
    const members = this.#members ?? (await this.load(options));
    if (members) return members;
    const next = 'save it first, or pass its members to backend.group(id, members)';
    throw new ResultError('RB_NOT_FOUND', `group ${this.groupId} is not stored, or has expired: ${next}`);
  }

  async #collect(
    options: WaitOptions,
    outcomeOf: (record: Promise<TaskRecord>) => Promise<unknown>,
  ): Promise<unknown[]> {
    const members = await this.#loaded(options);
    const siblings = siblingsOf(options);
    const collect = (nodes: readonly ResultNode[]): Promise<unknown[]> =>
      Promise.all(
        nodes.map((node) =>
          node.members ? collect(node.members) : outcomeOf(this.#context.wait(node.id, siblings.options)),
        ),
      );
    try {
      return await collect(members);
    } finally {
      siblings.release();
    }
  }
}

/** Options for waits that end together: with the caller's signal, and once one outcome decides for all. */
function siblingsOf(options: WaitOptions): { readonly options: WaitOptions; release(): void } {
  const controller = new AbortController();
  const { signal } = options;
  // Not AbortSignal.any: each such signal stays with a long-lived one until the garbage collector comes round.
  const follow = (): void => controller.abort(signal?.reason);
  const unfollow = signal && onAbort(signal, follow);
  if (signal?.aborted) follow();
  const release = (): void => {
    unfollow?.();
    controller.abort();
  };
  return { options: { ...options, signal: controller.signal }, release };
}
