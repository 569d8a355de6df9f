import {
  type CallOptions,
  type GetOutcome,
  isFinal,
  type NotifyCapability,
  ResultError,
  type WatchHandler,
} from '@rb/core';
import { type Answer, outcomeOf } from './wire-records.js';

/** What has arrived for one owner, and who is told of it. */
export interface Inbox extends NotifyCapability {
  /** A message came: the rule of states is kept here, where the messages of all producers meet. */
  receive(answer: Answer): void;
  read(taskId: string, verbatim: boolean | undefined): GetOutcome;
  delete(taskIds: readonly string[]): number;
  /** Messages may have been lost. */
  gap(): void;
  close(): void;
}

/** As Celery's client: results that nobody asks for must not fill the memory, so the oldest go. */
const MAX_KEPT = 8_192;

interface Watcher {
  readonly handler: WatchHandler;
  readonly taskIds: Set<string>;
}

/** @param live Resolves when messages are received. */
export function createInbox(live: (options?: CallOptions) => Promise<void>): Inbox {
  const kept = new Map<string, Answer>();
  const watchers = new Set<Watcher>();

  const guarded = (call: () => void): void => {
    try {
      call();
    } catch {
      // The contract: a handler's own business.
    }
  };
  const isKeptFinal = (taskId: string): boolean => {
    const outcome = outcomeOf(kept.get(taskId) ?? null);
    return outcome !== undefined && 'state' in outcome && isFinal(outcome.state);
  };

  return {
    receive(answer) {
      if (answer === null || isKeptFinal(answer.taskId)) return;
      const { taskId } = answer;
      kept.delete(taskId);
      kept.set(taskId, answer);
      const [oldest] = kept.keys();
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
      for (const { handler, taskIds } of [...watchers]) {
        // A record each: what one handler does to it is no business of the others.
        const outcome = taskIds.has(taskId) ? outcomeOf(answer) : undefined;
        if (outcome) guarded(() => handler.record(outcome));
      }
    },
    read: (taskId, verbatim) => outcomeOf(kept.get(taskId) ?? null, verbatim),
    delete: (taskIds) => taskIds.filter((taskId) => kept.delete(taskId)).length,
    gap() {
      for (const { handler } of [...watchers]) guarded(() => handler.gap());
    },
    subscribe(handler) {
      const watcher: Watcher = { handler, taskIds: new Set() };
      let open = true;
      return {
        async add(added, options) {
          if (!open) throw new ResultError('RB_CLOSED', 'the subscription is closed');
          const fresh = added.filter((taskId) => !watcher.taskIds.has(taskId));
          for (const taskId of fresh) watcher.taskIds.add(taskId);
          watchers.add(watcher);
          try {
            await live(options);
          } catch (error) {
            for (const taskId of fresh) watcher.taskIds.delete(taskId);
            throw error;
          }
        },
        remove(removed) {
          for (const taskId of removed) watcher.taskIds.delete(taskId);
        },
        async close() {
          open = false;
          watcher.taskIds.clear();
          watchers.delete(watcher);
        },
      };
    },
    close() {
      for (const { taskIds } of watchers) taskIds.clear();
      watchers.clear();
      kept.clear();
    },
  };
}
