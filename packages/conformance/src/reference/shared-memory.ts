import { memoryStore, ResultError, type ResultStore, type Subscription } from '@rb/core';

/** Handles of one memory store: they share its data, and closing one closes nothing but itself. */
export interface SharedMemory {
  open(): ResultStore;
  close(): Promise<void>;
}

export function sharedMemory(now: () => number, maxBytes?: number): SharedMemory {
  const shared = memoryStore({ now, maxBytes });
  return { open: () => handleOf(shared), close: () => shared.close() };
}

/** The same store with a life of its own. */
export function handleOf(shared: ResultStore): ResultStore {
  const subscriptions = new Set<Subscription>();
  let closed = false;
  const guard =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (closed) throw new ResultError('RB_CLOSED', `this handle of ${shared.name} is closed`);
      return call(...args);
    };
  const { notify, expiry, groups, scan, stats } = shared;
  const sweep = expiry?.sweep;
  return {
    ...shared,
    put: guard(shared.put),
    get: guard(shared.get),
    delete: guard(shared.delete),
    async close() {
      closed = true;
      await Promise.all([...subscriptions].map((subscription) => subscription.close()));
      subscriptions.clear();
    },
    notify: notify && {
      subscribe(handler, options) {
        const inner = notify.subscribe(handler, options);
        subscriptions.add(inner);
        return {
          ...inner,
          add: guard(inner.add),
          async close() {
            subscriptions.delete(inner);
            await inner.close();
          },
        };
      },
    },
    expiry: expiry && sweep ? { ...expiry, sweep: guard(sweep) } : expiry,
    groups: groups && {
      save: guard(groups.save),
      load: guard(groups.load),
      delete: guard(groups.delete),
      report: guard(groups.report),
    },
    scan: scan && {
      async *pages(options) {
        await guard(async () => {})();
        for await (const page of scan.pages(options)) {
          await guard(async () => {})();
          yield page;
        }
      },
    },
    stats: stats && { read: guard(stats.read) },
  };
}
