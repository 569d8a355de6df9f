import type { Refused, TaskRecord, WatchHandler } from '@rb/core';
import type { Stored } from './commands.js';

export interface Message {
  readonly taskId: string;
  readonly value: Stored;
}

/** How messages become records. */
export interface Readers {
  /** The record of a message, which carries no deadline. */
  readonly decode: (message: Message) => TaskRecord | Refused;
  /** The records of messages, with the deadlines that messages do not carry. */
  readonly complete: (messages: readonly Message[]) => Promise<readonly (TaskRecord | Refused)[]>;
}

export interface Watcher {
  readonly handler: WatchHandler;
  /** Whether it is told of deadlines. */
  readonly deadlines: boolean;
  readonly taskIds: Set<string>;
  open: boolean;
}

export interface DeliveryParts extends Readers {
  /** By task id. */
  readonly watchers: ReadonlyMap<string, ReadonlySet<Watcher>>;
  /** Calls a handler; what it throws goes no further. */
  readonly guarded: (call: () => void) => void;
  /** Messages could not be made into records: who waits must read again. */
  readonly lost: () => void;
  readonly onBackgroundError: (error: unknown) => void;
}

/** Tells each message to who watches its task: at once, or with the deadline, once the server has told it. */
export function delivery(parts: DeliveryParts): (message: Message) => void {
  const { watchers, decode, complete, guarded, lost, onBackgroundError } = parts;
  let pending: Message[] = [];
  let delivering = false;
  const watching = (taskId: string, deadlines: boolean): readonly Watcher[] =>
    [...(watchers.get(taskId) ?? [])].filter((watcher) => watcher.deadlines === deadlines);
  const tell = (outcome: TaskRecord | Refused, deadlines: boolean): void => {
    const { taskId } = outcome;
    for (const { handler, taskIds } of watching(taskId, deadlines)) {
      // One handler may have removed another meanwhile.
      if (taskIds.has(taskId)) guarded(() => handler.record(outcome));
    }
  };

  const deliver = async (messages: readonly Message[]): Promise<void> => {
    try {
      for (const outcome of await complete(messages)) tell(outcome, true);
    } catch (error) {
      onBackgroundError(error);
      lost();
    }
  };
  // One question at a time, so that order is kept; it is for all that arrived during the one before.
  const deliverAll = async (): Promise<void> => {
    while (pending.length > 0) {
      const messages = pending;
      pending = [];
      await deliver(messages);
    }
    delivering = false;
  };

  return (message) => {
    const { taskId } = message;
    if (watching(taskId, false).length > 0) tell(decode(message), false);
    if (watching(taskId, true).length === 0) return;
    pending.push(message);
    if (delivering) return;
    delivering = true;
    // Not at once: messages that were read together are asked about together.
    queueMicrotask(deliverAll);
  };
}
