import type { ResultStore, Subscription, TaskRecord, WatchHandler } from '../src/index.js';
import { ResultError } from '../src/index.js';

// Stores by composition: the real memory store with a fault, a count or a brake around it.

export const unavailable = (): ResultError => new ResultError('RB_UNAVAILABLE', 'the server went away');
export const unknownOutcome = (): ResultError => new ResultError('RB_OUTCOME_UNKNOWN', 'the connection died');
export const denied = (): ResultError => new ResultError('RB_DENIED', 'the password was refused');

export const recordOf = (taskId: string, fields: Partial<TaskRecord> = {}): TaskRecord => ({
  taskId,
  state: 'SUCCESS',
  result: null,
  traceback: null,
  doneAt: 1_000,
  meta: {},
  expiresAt: null,
  ...fields,
});

export interface Calls {
  readonly put: string[][];
  readonly get: string[][];
  readonly delete: string[][];
}

/** Writes down the ids of every call. */
export function counted(inner: ResultStore): { readonly store: ResultStore; readonly calls: Calls } {
  const calls: Calls = { put: [], get: [], delete: [] };
  const store: ResultStore = {
    ...inner,
    put(records, options) {
      calls.put.push(records.map(({ taskId }) => taskId));
      return inner.put(records, options);
    },
    get(taskIds, options) {
      calls.get.push([...taskIds]);
      return inner.get(taskIds, options);
    },
    delete(taskIds, options) {
      calls.delete.push([...taskIds]);
      return inner.delete(taskIds, options);
    },
  };
  return { store, calls };
}

/** Rejects as many calls of one method as there are errors, before or after they took effect. */
export function failing(
  inner: ResultStore,
  method: 'put' | 'get' | 'delete',
  errors: readonly unknown[],
  when: 'before' | 'after' = 'before',
): ResultStore {
  const left = [...errors];
  const call = inner[method] as (...args: unknown[]) => Promise<unknown>;
  return {
    ...inner,
    async [method](...args: unknown[]) {
      const error = left.shift();
      if (error && when === 'before') throw error;
      const outcome = await call(...args);
      if (error) throw error;
      return outcome;
    },
  };
}

/** A brake: what passes it waits until the test lets it go on. */
export class Gate {
  #open = true;
  #waiting: (() => void)[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  shut(): void {
    this.#open = false;
  }

  open(): void {
    this.#open = true;
    for (const go of this.#waiting.splice(0)) go();
  }

  pass(): Promise<void> {
    return this.#open ? Promise.resolve() : new Promise((go) => this.#waiting.push(go));
  }
}

/** Every subscription of the store as `wrap` makes it. */
export function resubscribed(
  inner: ResultStore,
  wrap: (subscribe: () => Subscription, handler: WatchHandler) => Subscription,
): ResultStore {
  const { notify } = inner;
  if (notify === undefined) throw new Error('this store cannot push');
  return {
    ...inner,
    notify: { subscribe: (handler, options) => wrap(() => notify.subscribe(handler, options), handler) },
  };
}

/** Keeps the ids that are subscribed to right now. */
export function watched(inner: ResultStore): { readonly store: ResultStore; readonly ids: ReadonlySet<string> } {
  const live = new Set<string>();
  const store = resubscribed(inner, (subscribe) => {
    const subscription = subscribe();
    return {
      ...subscription,
      add(ids) {
        for (const id of ids) live.add(id);
        return subscription.add(ids);
      },
      remove(ids) {
        for (const id of ids) live.delete(id);
        subscription.remove(ids);
      },
    };
  });
  return { store, ids: live };
}

/** A subscription that the test can break: pushes are lost while `lost`, and `gap()` says that it is back. */
export function breakable(inner: ResultStore): { readonly store: ResultStore; lost: boolean; gap(): void } {
  const { notify } = inner;
  if (notify === undefined) throw new Error('this store cannot push');
  const handlers = new Set<WatchHandler>();
  const subscribe = (handler: WatchHandler): Subscription => {
    handlers.add(handler);
    return notify.subscribe({ ...handler, record: (outcome) => control.lost || handler.record(outcome) });
  };
  const gap = (): void => {
    for (const handler of handlers) handler.gap();
  };
  const control = { lost: false, gap, store: { ...inner, notify: { subscribe } } };
  return control;
}

/** Lets everything that is under way get as far as it can without timers. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a call rejects with. */
export const errorOf = (
  call: Promise<unknown>,
): Promise<Error & { readonly code?: string; readonly [key: string]: unknown }> =>
  call.then(
    () => {
      throw new Error('expected a rejection');
    },
    (error) => error,
  );

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
