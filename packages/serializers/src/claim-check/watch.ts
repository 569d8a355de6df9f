import type { GetOutcome, NotifyCapability, Refused, TaskRecord, WatchHandler } from '@rb/core';

/**
 * The same, with results that are fetched before the handler is told. What is told of one task stays in order; other tasks
 * do not wait.
 *
 * @param redeem Rejects where the blob store cannot be reached: then the handler is told to read again.
 */
export function watchRedeemed(
  notify: NotifyCapability,
  redeem: (outcome: TaskRecord | Refused) => Promise<GetOutcome>,
): NotifyCapability {
  return {
    subscribe(handler, options) {
      const last = new Map<string, Promise<void>>();
      const watched = new Set<string>();
      const record = (outcome: TaskRecord | Refused): void => {
        const { taskId } = outcome;
        const before = last.get(taskId) ?? Promise.resolve();
        const told = Promise.all([redeem(outcome).catch(() => 'gap' as const), before]).then(([now]) => {
          if (watched.has(taskId)) tell(handler, now);
          if (last.get(taskId) === told) last.delete(taskId);
        });
        last.set(taskId, told);
      };
      const subscription = notify.subscribe({ gap: () => handler.gap(), record }, options);
      return {
        async add(taskIds, options) {
          const added = taskIds.filter((taskId) => !watched.has(taskId));
          for (const taskId of added) watched.add(taskId);
          try {
            await subscription.add(taskIds, options);
          } catch (error) {
            for (const taskId of added) watched.delete(taskId);
            throw error;
          }
        },
        remove(taskIds) {
          for (const taskId of taskIds) watched.delete(taskId);
          subscription.remove(taskIds);
        },
        async close() {
          watched.clear();
          await subscription.close();
        },
      };
    },
  };
}

/** What a handler throws is its own business. */
function tell(handler: WatchHandler, now: GetOutcome | 'gap'): void {
  try {
    if (now === 'gap') handler.gap();
    else if (now !== undefined) handler.record(now);
  } catch {
    // As above.
  }
}
