import { throwIfAborted } from './abort.js';
import type { ResultBackend } from './backend.js';
import { type BackendRecord, resultOf } from './backend-record.js';
import type { CallOptions, GroupCapability, GroupReport, ResultStore, TaskRecord } from './contract.js';
import type { ExpiryRule } from './durations.js';
import { ResultError } from './errors.js';
import { describe, expectId } from './expect.js';
import { ResultNode } from './result-node.js';
import { isReady } from './states.js';
import type { StoreCalls } from './store-calls.js';
import { kindOf } from './values.js';
import type { WaitOptions } from './waiting.js';

/** In order; a group inside a group is a ResultNode with members of its own. */
export type GroupMembers = readonly (string | ResultNode)[];

export interface SaveGroupOptions extends CallOptions {
  /** Instead of the backend's own rule; `default` applies where it is per state. */
  readonly expiresIn?: ExpiryRule | undefined;
  /** The task that the group hangs on, in a chain. */
  readonly parent?: ResultNode | undefined;
}

export interface GroupContext {
  readonly store: ResultStore;
  readonly calls: StoreCalls;
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
    const groups = this.#capability();
    const { groupId } = this;
    const { signal, parent = null, expiresIn } = options;
    throwIfAborted(signal, `saving group ${groupId}`);
    const blank = { taskId: groupId, state: 'GROUP', result: null, traceback: null, doneAt: null, meta: {} };
    const expiresAt = this.#context.deadlineOf({ ...blank, expiresAt: null }, expiresIn);
    const group = { groupId, members: nodes, parent, expiresAt };
    await this.#context.calls.call(`saving group ${groupId}`, () => groups.save(group, { signal }), signal);
    this.#members = nodes;
  }

  /** Shape: the members in order; undefined where no such group is stored (or it expired). */
  async load(options: CallOptions = {}): Promise<readonly ResultNode[] | undefined> {
    const groups = this.#capability();
    throwIfAborted(options.signal, `loading group ${this.groupId}`);
    const call = (): ReturnType<GroupCapability['load']> => groups.load(this.groupId, options);
    const group = await this.#context.calls.call(`loading group ${this.groupId}`, call, options.signal);
    this.#members = group?.members;
    return this.#members;
  }

  /**
   * Waits for all values, in member order; a group inside is an array.
   *
   * Errors: the first TaskFailedError as soon as it is known; RB_NOT_FOUND for an unknown group; else as `wait`.
   */
  async join<T = unknown>(options: WaitOptions = {}): Promise<T[]> {
    return this.#collect(options, resultOf) as Promise<T[]>;
  }

  /** Waits for all members, whatever their state. Shape: as `Promise.allSettled`, in member order; a group inside is an array. */
  async joinSettled<T = unknown>(options: WaitOptions = {}): Promise<PromiseSettledResult<T>[]> {
    const settle = (record: BackendRecord): PromiseSettledResult<unknown> => {
      try {
        return { status: 'fulfilled', value: resultOf(record) };
      } catch (reason) {
        return { status: 'rejected', reason };
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
   */
  async report(task: string | TaskRecord, options: CallOptions = {}): Promise<GroupReport> {
    const groups = this.#capability();
    const record = typeof task === 'string' ? await this.#backend.get(task, options) : task;
    if (!isReady(record.state)) {
      throw new TypeError(
        `expected a ready task to report, got ${record.taskId} in ${record.state}: store its result first`,
      );
    }
    const doing = `reporting task ${record.taskId} to group ${this.groupId}`;
    throwIfAborted(options.signal, doing);
    return this.#context.calls.call(doing, () => groups.report(this.groupId, record, options), options.signal);
  }

  /** Deletes the group and its tasks' records. */
  async forget(options: CallOptions = {}): Promise<void> {
    const members = this.#members ?? (await this.load(options)) ?? [];
    const groups = this.#context.store.groups;
    await Promise.all([
      this.#backend.forget(leavesOf(members), options),
      groups &&
        this.#context.calls.call(
          `deleting group ${this.groupId}`,
          () => groups.delete(this.groupId, options),
          options.signal,
        ),
    ]);
  }

  #capability(): GroupCapability {
    const { groups, name } = this.#context.store;
    if (groups === undefined) {
      const next = 'pass the members to backend.group(id, members) to join them without';
      throw new ResultError('RB_UNSUPPORTED', `${name} cannot keep groups; ${next}`);
    }
    return groups;
  }

  async #loaded(options: CallOptions): Promise<readonly ResultNode[]> {
    const members = this.#members ?? (await this.load(options));
    if (members) return members;
    const next = 'save it first, or pass its members to backend.group(id, members)';
    throw new ResultError('RB_NOT_FOUND', `group ${this.groupId} is not stored, or has expired: ${next}`);
  }

  async #collect(options: WaitOptions, outcomeOf: (record: BackendRecord) => unknown): Promise<unknown[]> {
    const members = await this.#loaded(options);
    const siblings = siblingsOf(options);
    const collect = (nodes: readonly ResultNode[]): Promise<unknown[]> =>
      Promise.all(
        nodes.map(async (node) =>
          node.members ? collect(node.members) : outcomeOf(await this.#backend.wait(node.id, siblings.options)),
        ),
      );
    try {
      return await collect(members);
    } finally {
      siblings.release();
    }
  }
}

/** Options for waits that end together: the caller's own, and aborted once one outcome decides for all. */
function siblingsOf(options: WaitOptions): { readonly options: WaitOptions; release(): void } {
  const controller = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal;
  return { options: { ...options, signal }, release: () => controller.abort() };
}

function toNodes(members: GroupMembers): readonly ResultNode[] {
  if (!Array.isArray(members)) throw new TypeError(`expected an array as members, got ${describe(members)}`);
  return members.map((member) => {
    if (typeof member === 'object' && member !== null && kindOf(member) === 'node') return member as ResultNode;
    expectId(member, 'a member');
    return new ResultNode(member);
  });
}

const leavesOf = (nodes: readonly ResultNode[]): string[] =>
  nodes.flatMap((node) => (node.members ? leavesOf(node.members) : [node.id]));
