import type { ResultStore } from '@rb/core';

/** The same store under other ids: what is stored under `to(id)` is given back under the id asked for. */
export const renaming = (store: ResultStore, to: (taskId: string) => string): ResultStore => ({
  ...store,
  put: (records, options) =>
    store.put(
      records.map((record) => ({ ...record, taskId: to(record.taskId) })),
      options,
    ),
  get: async (taskIds, options) => {
    const outcomes = await store.get(taskIds.map(to), options);
    return outcomes.map((outcome, i) => outcome && { ...outcome, taskId: taskIds[i] as string });
  },
  delete: (taskIds, options) => store.delete(taskIds.map(to), options),
});
