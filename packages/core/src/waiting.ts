import { abortError, onAbort, throwIfAborted } from './abort.js';
import type { CallOptions, GetOutcome, TaskRecord } from './contract.js';
import type { Deadline, Deadlines, Expirable } from './deadlines.js';
import { sameValue } from './equal.js';
import { ResultError } from './errors.js';
import { isReady } from './states.js';
import type { WaitHub, WaitListener } from './wait-hub.js';

export interface WaitOptions extends CallOptions {
  /** Milliseconds; 0 reads once; absent means no limit. */
  readonly timeoutMs?: number | undefined;
}

export interface WaitContext {
  readonly hub: WaitHub;
  readonly timeouts: Deadlines;
  /** `expiresAt` included where the hub asks for it. */
  readonly get: (taskId: string, signal?: AbortSignal) => Promise<GetOutcome>;
}

/** A result that lands exactly at the deadline wins: one last read, which may take this long. */
const LAST_READ_MS = 100;

/** Steps a slow reader of `watch` may lag behind; older unready ones are dropped first. */
const MAX_STEPS = 256;

/** Resolves with the first ready record. Errors: RB_TIMEOUT, RB_ABORTED, RB_CLOSED, RB_DECODE, and what the store refuses for good. */
export function waitUntilReady(context: WaitContext, taskId: string, options: WaitOptions): Promise<TaskRecord> {
  const { timeoutMs = Number.POSITIVE_INFINITY, signal } = options;
  return timeoutMs === 0
    ? readOnce(context, taskId, signal)
    : new Promise((resolve, reject) => new Wait(context, taskId, timeoutMs, resolve, reject).start(signal));
}

async function readOnce(context: WaitContext, taskId: string, signal: AbortSignal | undefined): Promise<TaskRecord> {
  const record = found(await context.get(taskId, signal));
  if (record && isReady(record.state)) return record;
  throw timeoutError(taskId, 0, record);
}

/** Listens to one task with the call's own deadline and signal; whoever extends it stops it exactly once. */
abstract class Follower implements WaitListener, Expirable {
  readonly context: WaitContext;
  readonly taskId: string;
  readonly timeoutMs: number;
  last: TaskRecord | undefined;
  deadline: Deadline | undefined;
  release: (() => void) | undefined;

  constructor(context: WaitContext, taskId: string, timeoutMs: number) {
    this.context = context;
    this.taskId = taskId;
    this.timeoutMs = timeoutMs;
  }

  abstract record(record: TaskRecord): void;
  abstract fail(error: unknown): void;
  abstract timeout(): void;

  get doing(): string {
    return `waiting for task ${this.taskId}`;
  }

  start(signal: AbortSignal | undefined): void {
    throwIfAborted(signal, this.doing);
    this.context.hub.listen(this.taskId, this);
    if (this.timeoutMs !== Number.POSITIVE_INFINITY) this.deadline = this.context.timeouts.add(this.timeoutMs, this);
    this.release = signal && onAbort(signal, () => this.fail(abortError(signal, this.doing)));
  }

  stop(): void {
    this.context.hub.leave(this.taskId, this);
    if (this.deadline) this.context.timeouts.remove(this.deadline);
    this.release?.();
  }

  timedOut(): ResultError {
    return timeoutError(this.taskId, this.timeoutMs, this.last);
  }
}

/** One object per wait, and few closures: there may be 100,000. */
class Wait extends Follower {
  readonly resolve: (record: TaskRecord) => void;
  readonly reject: (error: unknown) => void;

  constructor(
    context: WaitContext,
    taskId: string,
    timeoutMs: number,
    resolve: (record: TaskRecord) => void,
    reject: (error: unknown) => void,
  ) {
    super(context, taskId, timeoutMs);
    this.resolve = resolve;
    this.reject = reject;
  }

  override record(record: TaskRecord): void {
    this.last = record;
    if (!isReady(record.state)) return;
    this.stop();
    this.resolve(record);
  }

  override fail(error: unknown): void {
    this.stop();
    this.reject(error);
  }

  override timeout(): void {
    const giveUp = (): void => this.fail(this.timedOut());
    const { timeouts, get } = this.context;
    this.deadline = timeouts.add(LAST_READ_MS, { timeout: giveUp });
    get(this.taskId).then((outcome) => {
      if (outcome && 'refused' in outcome) return this.fail(outcome.refused);
      if (outcome) this.record(outcome);
      // After a ready record this comes too late to change anything.
      giveUp();
    }, giveUp);
  }
}

/** Yields what is stored now (undefined where nothing is), then each change, and ends after a ready record. */
export async function* watchStates(
  context: WaitContext,
  taskId: string,
  { timeoutMs = Number.POSITIVE_INFINITY, signal }: WaitOptions,
): AsyncGenerator<TaskRecord | undefined, void, undefined> {
  if (timeoutMs === 0) {
    const record = found(await context.get(taskId, signal));
    yield record;
    if (record && isReady(record.state)) return;
    throw timeoutError(taskId, 0, record);
  }
  const watch = new Watch(context, taskId, timeoutMs);
  watch.start(signal);
  try {
    for (;;) {
      for (let step = watch.steps.shift(); step; step = watch.steps.shift()) {
        yield step.record;
        if (step.record && isReady(step.record.state)) return;
        throwIfAborted(signal, watch.doing);
      }
      if (watch.failure) throw watch.failure.error;
      await new Promise<void>((resolve) => {
        watch.wake = resolve;
      });
    }
  } finally {
    watch.stop();
  }
}

class Watch extends Follower {
  readonly steps: { readonly record: TaskRecord | undefined }[] = [];
  failure: { readonly error: unknown } | undefined;
  started = false;
  wake: () => void = () => {};

  override record(record: TaskRecord): void {
    if (this.last && (isReady(this.last.state) || isSameStep(this.last, record))) return;
    this.push(record);
  }

  absent(): void {
    if (!this.started) this.push(undefined);
  }

  override fail(error: unknown): void {
    this.failure ??= { error };
    this.wake();
  }

  override timeout(): void {
    this.fail(this.timedOut());
  }

  push(record: TaskRecord | undefined): void {
    this.started = true;
    this.last = record;
    if (this.steps.push({ record }) > MAX_STEPS) this.steps.shift();
    this.wake();
  }
}

/** A record, or undefined where nothing is stored. Errors: RB_DECODE where it cannot be read. */
export function found(outcome: GetOutcome): TaskRecord | undefined {
  if (outcome !== undefined && 'refused' in outcome) throw outcome.refused;
  return outcome;
}

const STEP = ['state', 'doneAt', 'traceback', 'result', 'meta'] as const;

const isSameStep = (a: TaskRecord, b: TaskRecord): boolean => STEP.every((key) => sameValue(a[key], b[key]));

function timeoutError(taskId: string, timeoutMs: number, last: TaskRecord | undefined): ResultError {
  const seen = last
    ? `its last state was ${last.state}`
    : 'nothing is stored for it: check the id, and that its worker stores results here';
  return new ResultError('RB_TIMEOUT', `task ${taskId} was not ready within ${timeoutMs} ms; ${seen}`, { taskId });
}
