import type { GetOutcome, ResultStore, Subscription, TaskRecord } from './contract.js';
import { asResultError, ResultError } from './errors.js';
import { isReady } from './states.js';

export interface WaitListener {
  /** A record was read or pushed, never an older one after a newer; the same one may come again. */
  record(record: TaskRecord): void;
  /** A read found nothing. */
  absent?(): void;
  /** No record will come: this one cannot be read, or the store refuses for good. */
  fail(error: ResultError): void;
}

export interface WaitHubOptions {
  /** Between reads where the store cannot push, at least; at most twice as long. */
  readonly pollMs: number;
  /** Between the reads that back up a live subscription; also the longest pause while the store fails. */
  readonly safetyPollMs: number;
  /** Ids per read. */
  readonly maxItems: number;
  /** Whether those who wait need `expiresAt`. */
  readonly deadlines: boolean;
  readonly onBackgroundError: (error: ResultError) => void;
}

interface Pending {
  readonly listeners: Set<WaitListener>;
  /** When what they were last told of was read or pushed, by the hub's own count. */
  toldAt: number;
}

/** Intervals grow by this per fruitless poll, up to `MAX_GROWTH`, which leaves the read itself time within 2 x pollMs. */
const GROWTH = 1.06;
const MAX_GROWTH = 1.8;

/**
 * Everything that waits in one backend: one subscription and one timer, whatever the number of waits.
 *
 * Subscribe, then read, then a slow poll that covers every pending id; after a gap in the subscription, read again.
 * An error that may pass goes to `onBackgroundError`, and is followed by another attempt, after growing pauses.
 */
export class WaitHub {
  readonly #store: ResultStore;
  readonly #options: WaitHubOptions;
  readonly #pending = new Map<string, Pending>();
  /** Where push is to be had: ids that no `add` was sent for yet, or whose `add` failed. */
  readonly #unsubscribed = new Set<string>();
  readonly #unread = new Set<string>();
  readonly #abandoned = new Set<string>();
  #subscription: Subscription | undefined;
  /** Failed attempts to subscribe in a row, and when the next may be made. */
  #refusals = 0;
  #subscribeAt = 0;
  /** Polls in a row of which some part failed; above 0 there are ids that were never read. */
  #failures = 0;
  #clock = 0;
  #growth = 1;
  #flushQueued = false;
  #polling = false;
  #reading: Promise<boolean> = Promise.resolve(true);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = 0;
  #closed = false;

  constructor(store: ResultStore, options: WaitHubOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Until `leave`, the listener is told of the task; never before this returns. */
  listen(taskId: string, listener: WaitListener): void {
    const pending = this.#pending.get(taskId);
    if (pending !== undefined) {
      pending.listeners.add(listener);
    } else {
      this.#pending.set(taskId, { listeners: new Set([listener]), toldAt: 0 });
      if (this.#store.notify) this.#unsubscribed.add(taskId);
    }
    // Also where the id is watched already: this listener has not seen what is stored.
    this.#unread.add(taskId);
    this.#flushSoon();
  }

  /** Calling it again does nothing. */
  leave(taskId: string, listener: WaitListener): void {
    const listeners = this.#pending.get(taskId)?.listeners;
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.#pending.delete(taskId);
    this.#unread.delete(taskId);
    if (this.#store.notify && !this.#unsubscribed.delete(taskId)) this.#abandoned.add(taskId);
    if (this.#pending.size === 0) this.#disarm();
    this.#flushSoon();
  }

  /** Fails whoever still waits with RB_CLOSED. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#disarm();
    const error = new ResultError('RB_CLOSED', 'the backend was closed while this was awaited');
    this.#fail([...this.#pending.keys()], error);
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
    await this.#catchUp(unread);
  }

  /** Never rejects. */
  async #subscribe(): Promise<void> {
    const { notify, name } = this.#store;
    if (notify === undefined || this.#unsubscribed.size === 0 || performance.now() < this.#subscribeAt) return;
    const taskIds = [...this.#unsubscribed];
    this.#unsubscribed.clear();
    try {
      const { deadlines } = this.#options;
      this.#subscription ??= notify.subscribe(
        {
          record: (outcome) => this.#deliver(outcome.taskId, outcome, this.#tick()),
          gap: () => void this.#catchUp([...this.#pending.keys()]),
        },
        { deadlines },
      );
      await this.#subscription.add(taskIds);
      this.#refusals = 0;
    } catch (cause) {
      for (const taskId of taskIds) if (this.#pending.has(taskId)) this.#unsubscribed.add(taskId);
      this.#refusals += 1;
      this.#subscribeAt = performance.now() + this.#backoffMs(this.#refusals);
      this.#report(asResultError(cause, `${name}: subscribing`));
    }
  }

  async #catchUp(taskIds: readonly string[]): Promise<void> {
    if (!(await this.#read(taskIds))) this.#failures ||= 1;
    this.#schedule();
  }

  /** Never rejects; false where ids were left unread, for a reason that may pass. One at a time: of a pool one connection does. */
  #read(taskIds: readonly string[]): Promise<boolean> {
    this.#reading = this.#reading.then(() => this.#readAll(taskIds));
    return this.#reading;
  }

  async #readAll(taskIds: readonly string[]): Promise<boolean> {
    const { maxItems, deadlines } = this.#options;
    for (let from = 0; from < taskIds.length && !this.#closed; from += maxItems) {
      const batch = taskIds.slice(from, from + maxItems).filter((taskId) => this.#pending.has(taskId));
      if (batch.length === 0) continue;
      const at = this.#tick();
      let outcomes: readonly GetOutcome[];
      try {
        outcomes = await this.#store.get(batch, { deadlines });
      } catch (cause) {
        const error = asResultError(cause, `${this.#store.name}: reading what is awaited`);
        if (error.retryable) {
          this.#report(error);
          return false;
        }
        this.#fail(batch, error);
        continue;
      }
      batch.forEach((taskId, i) => {
        this.#deliver(taskId, outcomes[i], at);
      });
    }
    return true;
  }

  #tick(): number {
    this.#clock += 1;
    return this.#clock;
  }

  #deliver(taskId: string, outcome: GetOutcome, at: number): void {
    const pending = this.#pending.get(taskId);
    if (pending === undefined) return;
    const ready = outcome !== undefined && 'state' in outcome && isReady(outcome.state);
    // What was overtaken on its way, by a push or by a later read, would turn time back; what ends a wait never comes late.
    if (at < pending.toldAt && !ready) return;
    pending.toldAt = at;
    for (const listener of pending.listeners) {
      if (outcome === undefined) listener.absent?.();
      else if ('refused' in outcome) listener.fail(outcome.refused);
      else listener.record(outcome);
    }
  }

  #fail(taskIds: readonly string[], error: ResultError): void {
    for (const taskId of taskIds)
      for (const listener of this.#pending.get(taskId)?.listeners ?? []) listener.fail(error);
  }

  #report(error: ResultError): void {
    if (this.#closed) return;
    try {
      this.#options.onBackgroundError(error);
    } catch {
      // Nobody is left to tell, and the waits must go on.
    }
  }

  #schedule(): void {
    if (this.#polling || this.#pending.size === 0 || this.#closed) return;
    const pauseMs = this.#pauseMs();
    const at = performance.now() + pauseMs;
    if (this.#timer !== undefined && this.#timerAt <= at) return;
    this.#disarm();
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#poll(), pauseMs);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Jitter keeps processes that started together from polling together. */
  #pauseMs(): number {
    const { pollMs, safetyPollMs } = this.#options;
    if (this.#failures > 0) return this.#backoffMs(this.#failures);
    const pushed = this.#store.notify !== undefined && this.#unsubscribed.size === 0;
    return pushed ? safetyPollMs * (0.9 + 0.2 * Math.random()) : pollMs * (1 + (this.#growth - 1) * Math.random());
  }

  #backoffMs(failures: number): number {
    const { pollMs, safetyPollMs } = this.#options;
    return Math.min(pollMs * 2 ** failures, safetyPollMs) * (0.5 + 0.5 * Math.random());
  }

  async #poll(): Promise<void> {
    this.#timer = undefined;
    this.#polling = true;
    this.#growth = Math.min(this.#growth * GROWTH, MAX_GROWTH);
    await this.#subscribe();
    this.#failures = (await this.#read([...this.#pending.keys()])) ? 0 : this.#failures + 1;
    this.#polling = false;
    this.#schedule();
  }
}
