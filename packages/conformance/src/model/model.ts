import { isFinal, type PutOutcome, type TaskRecord } from '@rb/core';

/** What a store holds for one task, and for how long yet. */
interface Kept {
  readonly record: TaskRecord;
  readonly leftMs: number;
}

/** The contract as the shortest program that keeps it: what a store must be indistinguishable from. */
export interface Model {
  /** @param leftMs Until the deadline; Infinity for none. */
  put(record: TaskRecord, leftMs: number): PutOutcome;
  get(taskId: string): TaskRecord | undefined;
  /** How many distinct ids existed. */
  delete(taskIds: readonly string[]): number;
  /** Lets time go by. */
  pass(ms: number): void;
}

export function createModel(): Model {
  const kept = new Map<string, Kept>();

  /** An expired record is none. */
  const living = (taskId: string): TaskRecord | undefined => {
    const found = kept.get(taskId);
    return found && found.leftMs > 0 ? found.record : undefined;
  };

  return {
    put(record, leftMs) {
      const current = living(record.taskId)?.state;
      if (current !== undefined && isFinal(current)) return { applied: false, state: current };
      kept.set(record.taskId, { record, leftMs });
      return { applied: true };
    },
    get: living,
    delete: (taskIds) => taskIds.filter((taskId) => living(taskId) && kept.delete(taskId)).length,
    pass(ms) {
      for (const [taskId, { record, leftMs }] of kept) kept.set(taskId, { record, leftMs: leftMs - ms });
    },
  };
}
