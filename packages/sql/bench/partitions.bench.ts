/** The PostgreSQL store in partitions against the same store in one table. */
import { bench } from '@rb/bench';
import type { ResultStore } from '@rb/core';
import { start } from '@rb/servers/start';
import { postgresStore } from '@rb/sql/postgres';
import { BATCH, DAY_MS, newIds, recordOf } from './records.ts';

/** Of days: for results that are kept for a day, and for a month. */
const PARTITIONS = [3, 30];

const server = await start('postgres');
if ('missing' in server) throw new Error(server.missing);
const common = { url: server.url, prepare: true };
const plain = postgresStore(common);
const parted = PARTITIONS.map((n) =>
  postgresStore({ ...common, tables: { task: `parted_${n}`, group: `parted_${n}_groups` }, partitions: {} }),
);

const recordFor = (days: number) => (id: string) => recordOf(id, Date.now() + days * DAY_MS);

const known = newIds(BATCH);
for (const [i, store] of [plain, ...parted].entries()) {
  for (let day = 1; day <= (PARTITIONS[i - 1] ?? 1); day += 1) await store.put(newIds(BATCH).map(recordFor(day)));
  await store.put(known.map(recordFor(1)));
}

for (const size of [1, BATCH]) {
  const put = (store: ResultStore) => () => store.put(newIds(size).map(recordFor(1)));
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
