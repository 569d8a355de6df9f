import { isDeepStrictEqual } from 'node:util';
import { type GetOutcome, isReady, type NotifyCapability, type ResultStore, type TaskRecord } from '@rb/core';

/**
 * The primary tells of what goes through the pair; the secondary of what others write there. What both tell of is told
 * once: a record of the secondary is read through the pair first, and left out where it was told already.
 */
export function dualNotify(
  { notify: first }: ResultStore,
  { notify: second }: ResultStore,
  get: ResultStore['get'],
): NotifyCapability | undefined {
  if (first === undefined || second === undefined) return undefined;
  return {
    subscribe(handler) {
      const watched = new Set<string>();
      /** The last ready record told of each task, and from which side it was. */
      const last = new Map<string, { readonly record: TaskRecord; readonly side: 1 | 2 }>();

      const tell = (outcome: GetOutcome, side: 1 | 2): void => {
        if (outcome === undefined || !watched.has(outcome.taskId)) return;
        const { taskId } = outcome;
        const told = last.get(taskId);
        const isEcho = told !== undefined && isDeepStrictEqual(told.record, outcome);
        // A primary that tells the same a second time has seen a second write; after the secondary it is the echo.
        if (isEcho && (side === 2 || told.side === 2)) {
          last.set(taskId, { ...told, side: 1 });
          return;
        }
        if ('state' in outcome && isReady(outcome.state)) last.set(taskId, { record: outcome, side });
        else last.delete(taskId);
        try {
          handler.record(outcome);
        } catch {
          // The contract: a handler's own business.
        }
      };
      const relay = async (taskId: string): Promise<void> => {
        const before = last.get(taskId);
        try {
          const [outcome] = await get([taskId]);
          // Something was told meanwhile, and what was read may be older.
          if (last.get(taskId) !== before) return relay(taskId);
          if (outcome && 'state' in outcome && isReady(outcome.state)) tell(outcome, 2);
        } catch {
          if (watched.has(taskId)) gap();
        }
      };
      const gap = (): void => {
        try {
          handler.gap();
        } catch {
          // Likewise.
        }
      };
      const subscriptions = [
        first.subscribe({ record: (outcome) => tell(outcome, 1), gap }),
        second.subscribe({ record: ({ taskId }) => void relay(taskId), gap }),
      ];
      return {
        async add(taskIds, options) {
          for (const taskId of taskIds) watched.add(taskId);
          await Promise.all(subscriptions.map((each) => each.add(taskIds, options)));
        },
        remove(taskIds) {
          for (const taskId of taskIds) {
            watched.delete(taskId);
            last.delete(taskId);
          }
          for (const each of subscriptions) each.remove(taskIds);
        },
        async close() {
          watched.clear();
          last.clear();
          await Promise.all(subscriptions.map((each) => each.close()));
        },
      };
    },
  };
}
