import { abortError, onAbort, throwIfAborted } from './abort.js';

interface BatchLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** The promise of one call, from within. */
interface Call<Out> {
  resolve(out: Out): void;
  reject(error: unknown): void;
}

export interface CoalescerOptions<Item, Outcome, Out> {
  /** For messages: what one call does. */
  readonly doing: string;
  readonly limits: BatchLimits;
  /** Roughly, in bytes; cheap rather than exact. */
  readonly sizeOf: (item: Item) => number;
  /** One outcome per item, same order. */
  readonly run: (items: readonly Item[], signal: AbortSignal | undefined) => Promise<readonly Outcome[]>;
  /** Resolves or rejects a call. Done here: a caller that awaited the outcome to look at it would take half as long again. */
  readonly settle: (outcome: Outcome, call: Call<Out>) => void;
  /** The batches of one tick go one after the other, so that items keep their order. */
  readonly ordered: boolean;
}

interface Entry<Item, Out> extends Call<Out> {
  readonly item: Item;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
  settled: boolean;
}

/** Makes one batch of what is asked for within one tick. A call's signal rejects that call alone. */
export class Coalescer<Item, Outcome, Out = Outcome> {
  readonly #options: CoalescerOptions<Item, Outcome, Out>;
  #queue: Entry<Item, Out>[] = [];

  constructor(options: CoalescerOptions<Item, Outcome, Out>) {
    this.#options = options;
  }

  add(item: Item, signal?: AbortSignal): Promise<Out> {
    return new Promise((resolve, reject) => {
      throwIfAborted(signal, this.#options.doing);
      // Sized here and not in the flush: what throws on being looked at rejects its own call alone.
      const bytes = this.#options.sizeOf(item);
      const entry: Entry<Item, Out> = { item, bytes, signal, resolve, reject, settled: false };
      if (signal) settleOnAbort(entry, signal, this.#options.doing);
      if (this.#queue.push(entry) === 1) queueMicrotask(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const entries = this.#queue;
    this.#queue = [];
    for (const batch of this.#split(entries)) {
      const done = this.#run(batch);
      if (this.#options.ordered) await done;
    }
  }

  *#split(entries: readonly Entry<Item, Out>[]): Generator<Entry<Item, Out>[]> {
    const { maxItems, maxBytes } = this.#options.limits;
    let batch: Entry<Item, Out>[] = [];
    let bytes = 0;
    for (const entry of entries) {
      if (batch.length > 0 && (batch.length >= maxItems || bytes + entry.bytes > maxBytes)) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push(entry);
      bytes += entry.bytes;
    }
    yield batch;
  }

  async #run(batch: readonly Entry<Item, Out>[]): Promise<void> {
    // What was aborted while it queued is not sent at all.
    const live = batch.filter((entry) => !entry.settled);
    if (live.length === 0) return;
    const { run, settle } = this.#options;
    const shared = sharedSignal(live);
    try {
      const outcomes = await run(
        live.map((entry) => entry.item),
        shared?.signal,
      );
      live.forEach((entry, i) => {
        settle(outcomes[i] as Outcome, entry);
      });
    } catch (error) {
      for (const entry of live) entry.reject(error);
    } finally {
      shared?.release();
    }
  }
}

function settleOnAbort<Out>(entry: Entry<unknown, Out>, signal: AbortSignal, doing: string): void {
  const release = onAbort(signal, () => entry.reject(abortError(signal, doing)));
  const once =
    <Arg>(settle: (arg: Arg) => void) =>
    (arg: Arg): void => {
      if (entry.settled) return;
      entry.settled = true;
      release();
      settle(arg);
    };
  entry.resolve = once(entry.resolve);
  entry.reject = once(entry.reject);
}

/** Aborts when every call of a batch was aborted; undefined where one of them cannot be. */
function sharedSignal(
  entries: readonly Entry<unknown, never>[],
): { readonly signal: AbortSignal; release(): void } | undefined {
  if (entries.some((entry) => entry.signal === undefined)) return undefined;
  const controller = new AbortController();
  let left = entries.length;
  const releases = entries.map(({ signal }) =>
    onAbort(signal as AbortSignal, () => {
      left -= 1;
      if (left === 0) controller.abort((signal as AbortSignal).reason);
    }),
  );
  return {
    signal: controller.signal,
    release: () => {
      for (const release of releases) release();
    },
  };
}
