/** What the backend's checks, batches, retries and waits cost over the bare memory store; the ratio is the share that is left. */
import { bench } from '@rb/bench';
import { createResultBackend, memoryStore, type ResultStore, type TaskRecord } from '@rb/core';

const VALUE = { status: 'done', items: [{ id: 1, name: 'first', price: 9.5, tags: ['new'] }], note: null };

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `task-${i}`);

const recordOf = (taskId: string): TaskRecord => ({
  taskId,
  // Not SUCCESS, which would make every put after the first one a refusal.
  state: 'FAILURE',
  result: VALUE,
  traceback: null,
  doneAt: Date.now(),
  meta: {},
  expiresAt: Date.now() + 86_400_000,
});

async function filled(taskIds: readonly string[]): Promise<ResultStore> {
  const store = memoryStore();
  await store.put(taskIds.map(recordOf));
  return store;
}

for (const concurrent of [1, 500]) {
  const taskIds = ids(concurrent);
  const store = await filled(taskIds);
  const backend = createResultBackend(await filled(taskIds));
  const name = `at ${concurrent} concurrent`;

  await bench(`backend-put-${concurrent}`, {
    raw: {
      name: `memoryStore put, ${name}, one batch`,
      opsPerIteration: concurrent,
      run: () => store.put(taskIds.map(recordOf)),
    },
    tasks: [
      {
        name: `backend.store, ${name}`,
        opsPerIteration: concurrent,
        run: () => Promise.all(taskIds.map((taskId) => backend.store(taskId, 'FAILURE', VALUE))),
      },
    ],
  });
  await bench(`backend-get-${concurrent}`, {
    raw: { name: `memoryStore get, ${name}, one batch`, opsPerIteration: concurrent, run: () => store.get(taskIds) },
    tasks: [
      {
        name: `backend.get, ${name}`,
        opsPerIteration: concurrent,
        run: () => Promise.all(taskIds.map((taskId) => backend.get(taskId))),
      },
      {
        name: `backend.wait for what is ready, ${name}`,
        opsPerIteration: concurrent,
        run: () => Promise.all(taskIds.map((taskId) => backend.wait(taskId))),
      },
    ],
  });
  await backend.close();
}
