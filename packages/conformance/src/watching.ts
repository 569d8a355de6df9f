import type { Refused, ResultStore, TaskRecord, WatchHandler, WatchOptions } from '@rb/core';
import { show, Violation } from './evidence.js';

/** A subscription and all that it was told. */
export interface Watching {
  readonly told: readonly (TaskRecord | Refused)[];
  /** How often it was told that writes may have gone unseen. */
  readonly gaps: number;
  /** States in the order told; of one task where its id is given. */
  states(taskId?: string): readonly string[];
  /** Resolves once a record that fits was told. */
  until(what: string, fits: (record: TaskRecord) => boolean): Promise<TaskRecord>;
  add(taskIds: readonly string[]): Promise<void>;
  remove(taskIds: readonly string[]): void;
  close(): Promise<void>;
}

interface Expectation {
  readonly fits: (record: TaskRecord) => boolean;
  resolve(record: TaskRecord): void;
}

export interface WatchingOptions {
  /** How long `until` waits. */
  readonly settleMs: number;
  readonly note: (text: string) => void;
  /** The store's own. */
  readonly watch?: WatchOptions | undefined;
}

/** Live when the promise resolves. */
export async function startWatching(
  store: ResultStore,
  taskIds: readonly string[],
  { settleMs, note, watch }: WatchingOptions,
): Promise<Watching> {
  if (store.notify === undefined) throw new Violation(`${store.name} declares no notify, and the clause needs it`);
  const told: (TaskRecord | Refused)[] = [];
  // Clauses ask for thousands of tasks, time and again: looking through all that was told would keep the store from the event loop.
  const statesOf = new Map<string, string[]>();
  const expectations = new Set<Expectation>();
  let gaps = 0;
  const handler: WatchHandler = {
    record(outcome) {
      told.push(outcome);
      note(`told ${'state' in outcome ? outcome.state : `refused ${outcome.refused.code}`}`);
      if (!('state' in outcome)) return;
      const states = statesOf.get(outcome.taskId) ?? [];
      statesOf.set(outcome.taskId, states);
      states.push(outcome.state);
      for (const { fits, resolve } of expectations) if (fits(outcome)) resolve(outcome);
    },
    gap() {
      gaps += 1;
      note('told of a gap');
    },
  };
  const subscription = store.notify.subscribe(handler, watch);
  if (taskIds.length > 0) await subscription.add(taskIds);

  return {
    told,
    get gaps() {
      return gaps;
    },
    states: (taskId) =>
      taskId === undefined
        ? told.flatMap((outcome) => ('state' in outcome ? outcome.state : []))
        : (statesOf.get(taskId) ?? []),
    until(what, fits) {
      const already = told.find((outcome): outcome is TaskRecord => 'state' in outcome && fits(outcome));
      if (already) return Promise.resolve(already);
      return new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          expectations.delete(expectation);
        };
        const expectation: Expectation = {
          fits,
          resolve(record) {
            end();
            resolve(record);
          },
        };
        const timer = setTimeout(() => {
          end();
          const seen =
            told.length === 0 ? 'nothing' : show(told.map((outcome) => ('state' in outcome ? outcome.state : outcome)));
          reject(new Violation(`${what}: not told within ${settleMs} ms; it was told ${seen}`));
        }, settleMs);
        expectations.add(expectation);
      });
    },
    add: (added) => subscription.add(added),
    remove: (removed) => subscription.remove(removed),
    close: () => subscription.close(),
  };
}
