import { type CallOptions, type NotifyCapability, ResultError, type WatchHandler } from '@rb/core';
import type { WireClient } from './wire-client.js';
import { outcomeOf } from './wire-records.js';

interface Watcher {
  readonly handler: WatchHandler;
  readonly taskIds: Set<string>;
}

export interface Watch extends NotifyCapability {
  close(): void;
}

/** All subscriptions of one store: the server is told of an id once, however many watch it, and again after a loss. */
export function createWatch(client: WireClient): Watch {
  const watchers = new Map<string, Set<Watcher>>();
  let connections = 0;

  const guarded = (call: () => void): void => {
    try {
      call();
    } catch {
      // The contract: a handler's own business.
    }
  };

  const unlisten = client.listen({
    told(answer) {
      const outcome = outcomeOf(answer);
      if (!outcome) return;
      for (const { handler } of [...(watchers.get(outcome.taskId) ?? [])]) guarded(() => handler.record(outcome));
    },
    async connected(connection) {
      connections += 1;
      if (watchers.size === 0) return;
      await connection.request('watch', [...watchers.keys()]);
      if (connections === 1) return;
      for (const { handler } of new Set([...watchers.values()].flatMap((each) => [...each]))) {
        guarded(() => handler.gap());
      }
    },
    needed: () => watchers.size > 0,
  });

  function forget(watcher: Watcher, taskIds: Iterable<string>): void {
    const unwatched: string[] = [];
    for (const taskId of [...taskIds]) {
      watcher.taskIds.delete(taskId);
      const others = watchers.get(taskId);
      if (!others?.delete(watcher) || others.size > 0) continue;
      watchers.delete(taskId);
      unwatched.push(taskId);
    }
    if (unwatched.length > 0) client.tell('unwatch', unwatched);
  }

  async function add(watcher: Watcher, taskIds: readonly string[], { signal }: CallOptions = {}): Promise<void> {
    const fresh = taskIds.filter((taskId) => !watcher.taskIds.has(taskId));
    for (const taskId of fresh) {
      watcher.taskIds.add(taskId);
      watchers.set(taskId, (watchers.get(taskId) ?? new Set()).add(watcher));
    }
    try {
      await client.request('watch', taskIds, { doing: `subscribing to ${taskIds.length} ids`, signal });
    } catch (error) {
      forget(watcher, fresh);
      throw error;
    }
  }

  return {
    subscribe(handler) {
      const watcher: Watcher = { handler, taskIds: new Set() };
      let open = true;
      return {
        async add(taskIds, options) {
          if (!open) throw new ResultError('RB_CLOSED', 'the subscription is closed');
          await add(watcher, taskIds, options);
        },
        remove: (taskIds) => forget(watcher, taskIds),
        async close() {
          open = false;
          forget(watcher, watcher.taskIds);
        },
      };
    },
    close() {
      unlisten();
      for (const watcher of new Set([...watchers.values()].flatMap((each) => [...each]))) {
        forget(watcher, watcher.taskIds);
      }
    },
  };
}
