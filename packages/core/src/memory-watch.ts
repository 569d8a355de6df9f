import type { CallOptions, Refused, Subscription, TaskRecord, WatchHandler } from './contract.js';
import { ResultError } from './errors.js';

export interface Watchers {
  /** Tells who watches the task, a microtask later; `read` may say that there is nothing to tell any more. */
  tell(taskId: string, read: () => TaskRecord | Refused | undefined): void;
  subscribe(handler: WatchHandler): Subscription;
  clear(): void;
}

/** The subscriptions of one memory store. @param begin Throws where the store cannot be used. */
export function createWatchers(begin: (doing: string, options?: CallOptions) => void): Watchers {
  const byTask = new Map<string, Set<WatchHandler>>();

  return {
    tell(taskId, read) {
      for (const handler of byTask.get(taskId) ?? []) {
        // A microtask and a record each: what one does or throws disturbs neither the writer nor the others.
        queueMicrotask(() => {
          const outcome = byTask.get(taskId)?.has(handler) ? read() : undefined;
          try {
            if (outcome) handler.record(outcome);
          } catch {
            // The contract: a handler's own business.
          }
        });
      }
    },

    subscribe(handler) {
      // A handler of its own, so that two subscriptions with one function stay two.
      const own: WatchHandler = { record: (outcome) => handler.record(outcome), gap: () => handler.gap() };
      const taskIds = new Set<string>();
      let open = true;
      const remove = (gone: Iterable<string>): void => {
        for (const taskId of gone) {
          taskIds.delete(taskId);
          const handlers = byTask.get(taskId);
          if (handlers?.delete(own) && handlers.size === 0) byTask.delete(taskId);
        }
      };
      return {
        async add(added, options) {
          begin('subscribing', options);
          if (!open) throw new ResultError('RB_CLOSED', 'the subscription is closed');
          for (const taskId of added) {
            taskIds.add(taskId);
            byTask.set(taskId, (byTask.get(taskId) ?? new Set()).add(own));
          }
        },
        remove,
        async close() {
          open = false;
          remove([...taskIds]);
        },
      };
    },

    clear: () => byTask.clear(),
  };
}
