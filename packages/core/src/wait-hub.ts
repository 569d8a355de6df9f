import type { GetOutcome, Refused, ResultStore, Subscription, TaskRecord } from './contract.js';
import { asResultError, ResultError } from './errors.js';

export interface WaitListener {
  /** A record was read or pushed; the same one may come again. */
  record(record: TaskRecord): unknown;
  /** A read found nothing. */
  absent?(): void;
  /** No record will come: this one cannot be read, or the store refuses for good. */
  fail(error: ResultError): void;
}

export interface WaitHubOptions {
  /** Between reads where the store cannot push, at least; at most twice as long. */
  readonly pollMs: number;
  /** Between the reads that back up a live subscription. */
  readonly safetyPollMs: number;
  /** Ids per read. */
  readonly maxItems: number;
  readonly onBackgroundError: (error: ResultError) => void;
}

/** Intervals grow by this per fruitless poll, up to `MAX_GROWTH`, which leaves the read itself time within 2 x pollMs. */
const GROWTH = 1.06;
const MAX_GROWTH = 1.8;

/**
 * Everything that waits in one backend: one subscription and one timer, whatever the number of waits.
 *
 * Subscribe, then read, then a slow poll that covers every pending id; after a gap in the subscription, read again.
 * An error that may pass goes to `onBackgroundError`, and the next poll tries again.
 */
export class WaitHub {
  readonly #store: ResultStore;
  readonly #options: WaitHubOptions;
  readonly #pending = new Map<string, WaitListener[]>();
  /** Where push is to be had: ids that no `add` was sent for yet, or whose `add` failed. */
  readonly #unsubscribed = new Set<string>();
  #subscription: Subscription | undefined;
  #unread = new Set<string>();
  #abandoned = new Set<string>();
  #flushQueued = false;
  #polling = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #growth = 1;
  #closed = false;

  constructor(store: ResultStore, options: WaitHubOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Until `leave`, the listener is told of the task; never before this returns. */
  listen(taskId: string, listener: WaitListener): void {
    const listeners = this.#pending.get(taskId);
    if (listeners !== undefined) {
      listeners.push(listener);
    } else {
      this.#pending.set(taskId, [listener]);
      if (this.#store.notify) this.#unsubscribed.add(taskId);
    }
    // Also where the id is watched already: this listener has not seen what is stored.
    this.#unread.add(taskId);
    this.#flushSoon();
  }

  /** Calling it again does nothing. */
  leave(taskId: string, listener: WaitListener): void {
    const listeners = this.#pending.get(taskId);
    const index = listeners?.indexOf(listener) ?? -1;
    if (listeners === undefined || index < 0) return;
    listeners.splice(index, 1);
    if (listeners.length > 0) return;
    this.#pending.delete(taskId);
    this.#unread.delete(taskId);
    if (this.#store.notify && !this.#unsubscribed.delete(taskId)) this.#abandoned.add(taskId);
    if (this.#pending.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#flushSoon();
  }

  /** Fails whoever still waits with RB_CLOSED. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#fail(
      [...this.#pending.keys()],
      new ResultError('RB_CLOSED', 'the backend was closed while this was awaited'),
    );
    await this.#subscription?.close();
  }

  #flushSoon(): void {
    if (this.#flushQueued || this.#closed) return;
    this.#flushQueued = true;
    queueMicrotask(() => this.#flush());
  }

  async #flush(): Promise<void> {
    this.#flushQueued = false;
    const abandoned = [...this.#abandoned].filter((taskId) => !this.#pending.has(taskId));
    this.#abandoned.clear();
    if (abandoned.length > 0) this.#subscription?.remove(abandoned);
    if (this.#unread.size === 0) return;
    const unread = [...this.#unread];
    this.#unread.clear();
    this.#growth = 1;
    await this.#subscribe();
    await this.#read(unread);
    this.#schedule();
  }

  async #subscribe(): Promise<void> {
    const { notify } = this.#store;
    if (notify === undefined || this.#unsubscribed.size === 0) return;
    const taskIds = [...this.#unsubscribed];
    this.#unsubscribed.clear();
    try {
      this.#subscription ??= notify.subscribe({
        record: (outcome) => this.#deliver(outcome.taskId, outcome),
        gap: () => void this.#read([...this.#pending.keys()]),
      });
      await this.#subscription.add(taskIds);
    } catch (error) {
      for (const taskId of taskIds) if (this.#pending.has(taskId)) this.#unsubscribed.add(taskId);
      this.#report(error, 'subscribing');
    }
  }

  /** Never rejects. */
  async #read(taskIds: readonly string[]): Promise<void> {
    const { maxItems } = this.#options;
    for (let from = 0; from < taskIds.length && !this.#closed; from += maxItems) {
      const batch = taskIds.slice(from, from + maxItems).filter((taskId) => this.#pending.has(taskId));
      if (batch.length === 0) continue;
      try {
        const outcomes = await this.#store.get(batch);
        batch.forEach((taskId, i) => {
          this.#deliver(taskId, outcomes[i]);
        });
      } catch (cause) {
        const error = this.#report(cause, 'reading what is awaited');
        if (error.retryable) return;
        this.#fail(batch, error);
      }
    }
  }

  #deliver(taskId: string, outcome: GetOutcome | Refused): void {
    // A copy: who has what it wanted leaves while the others are told.
    for (const listener of [...(this.#pending.get(taskId) ?? [])]) {
      if (outcome === undefined) listener.absent?.();
      else if ('refused' in outcome) listener.fail(outcome.refused);
      else listener.record(outcome);
    }
  }

  #fail(taskIds: readonly string[], error: ResultError): void {
    for (const taskId of taskIds) for (const listener of [...(this.#pending.get(taskId) ?? [])]) listener.fail(error);
  }

  #report(cause: unknown, doing: string): ResultError {
    const error = asResultError(cause, doing);
    if (!this.#closed) this.#options.onBackgroundError(error);
    return error;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#polling || this.#pending.size === 0 || this.#closed) return;
    const pushed = this.#store.notify !== undefined && this.#unsubscribed.size === 0;
    const { pollMs, safetyPollMs } = this.#options;
    // Jitter keeps processes that started together from polling together.
    const ms = pushed ? safetyPollMs * (0.9 + 0.2 * Math.random()) : pollMs * (1 + (this.#growth - 1) * Math.random());
    this.#timer = setTimeout(() => this.#poll(), ms);
  }

  async #poll(): Promise<void> {
    this.#timer = undefined;
    this.#polling = true;
    this.#growth = Math.min(this.#growth * GROWTH, MAX_GROWTH);
    await this.#subscribe();
    await this.#read([...this.#pending.keys()]);
    this.#polling = false;
    this.#schedule();
  }
}
