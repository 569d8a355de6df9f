/** The PostgreSQL store in partitions against the same store in one table. */
import { randomUUID } from 'node:crypto';
import { bench } from '@rb/bench';
import type { ResultStore, TaskRecord } from '@rb/core';
import { start } from '@rb/servers/start';
import { postgresStore } from '@rb/sql/postgres';

/** As many as are stored at once. */
const BATCH = 500;
/** Of days: for results that are kept for a day, and for a month. */
const PARTITIONS = [3, 30];
const DAY_MS = 86_400_000;

const server = await start('postgres');
if ('missing' in server) throw new Error(server.missing);
const common = { url: server.url, prepare: true };
const plain = postgresStore(common);
const parted = PARTITIONS.map((n) =>
  postgresStore({ ...common, tables: { task: `parted_${n}`, group: `parted_${n}_groups` }, partitions: {} }),
);

const record = (taskId: string, days = 1): TaskRecord => ({
  taskId,
  state: 'SUCCESS',
  result: { total: 42, items: ['a', 'b', 'c'], note: 'an ordinary result' },
  traceback: null,
  doneAt: Date.now(),
  meta: {},
  expiresAt: Date.now() + days * DAY_MS,
});
const newIds = (n: number): string[] => Array.from({ length: n }, () => randomUUID());

const known = newIds(BATCH);
for (const [i, store] of [plain, ...parted].entries()) {
  for (let day = 1; day <= (PARTITIONS[i - 1] ?? 1); day += 1)
    await store.put(newIds(BATCH).map((id) => record(id, day)));
  await store.put(known.map((id) => record(id)));
}

for (const size of [1, BATCH]) {
  const put = (store: ResultStore) => () => store.put(newIds(size).map((id) => record(id)));
  const get = (store: ResultStore) => () => store.get(known.slice(0, size));
  for (const [name, run] of Object.entries({ put, get })) {
    await bench(`partitions-${name}-${size}`, {
      raw: { name: `one table: ${name} of ${size}`, opsPerIteration: size, run: run(plain) },
      tasks: parted.map((store, i) => ({
        name: `${PARTITIONS[i]} days in partitions`,
        opsPerIteration: size,
        run: run(store),
      })),
    });
  }
}

await Promise.all([plain, ...parted].map((store) => store.close()));
await server[Symbol.asyncDispose]();
