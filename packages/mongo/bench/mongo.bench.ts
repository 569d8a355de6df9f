/** Storing and reading, against the bare driver. On a server of the bench's own. */
import { bench } from '@rb/bench';
import { createResultBackend, type TaskRecord } from '@rb/core';
import { mongoStore } from '@rb/mongo';
import { start } from '@rb/servers/start';
import { MongoClient } from 'mongodb';

const server = await start('mongo');
if ('missing' in server) throw new Error(server.missing);

const url = `${server.url}bench`;
const client = new MongoClient(url, { maxPoolSize: 10 });
const tasks = client.db().collection<{ readonly _id: string; readonly [field: string]: unknown }>('celery_taskmeta');
const store = mongoStore({ url });
const backend = createResultBackend(mongoStore({ url }));

/** As many as are stored or read at once. */
const BATCH = 500;
const VALUE = { total: 42, items: ['a', 'b', 'c'], note: 'an ordinary result', done: true, ratio: 0.25 };

let serial = 0;
const newIds = (count: number): string[] =>
  Array.from({ length: count }, () => `0190f3a2-7c1e-7000-8000-${String(serial++).padStart(12, '0')}`);
const deadline = (): number => Date.now() + 86_400_000;
const recordOf = (taskId: string): TaskRecord => ({
  ...{ taskId, state: 'SUCCESS', result: VALUE, traceback: null, doneAt: Date.now(), meta: {}, expiresAt: deadline() },
});
/** The same as a user of the bare driver would write it. */
const documentOf = () => ({
  ...{ status: 'SUCCESS', result: JSON.stringify(VALUE), traceback: null, children: null, date_done: new Date() },
  ...{ name: null, args: null, kwargs: null, worker: null, retries: null, queue: null },
  rb_expires_at: new Date(deadline()),
});

await store.put([recordOf('first')]);
let ids: string[] = [];
let records: TaskRecord[] = [];

for (const count of [1, BATCH]) {
  const before = (): void => {
    ids = newIds(count);
    records = ids.map(recordOf);
  };
  const task = (name: string, run: () => unknown) => ({ name, opsPerIteration: count, before, run });
  await bench(`mongo-put-${count}`, {
    raw: task('mongodb: replaceOne with upsert, by _id', () =>
      count === 1
        ? tasks.replaceOne({ _id: ids[0] as string }, documentOf(), { upsert: true })
        : tasks.bulkWrite(
            ids.map((_id) => ({ replaceOne: { filter: { _id }, replacement: documentOf(), upsert: true } })),
            { ordered: false },
          ),
    ),
    tasks: [
      task('mongoStore put', () => store.put(records)),
      task(`backend store, ${count} at once`, () => Promise.all(ids.map((id) => backend.store(id, 'SUCCESS', VALUE)))),
    ],
  });
}

const known = Array.from({ length: 20 }, () => newIds(BATCH));
for (const some of known) await store.put(some.map(recordOf));
for (const count of [1, BATCH]) {
  let round = 0;
  const before = (): void => {
    ids = known[round++ % known.length]?.slice(0, count) ?? [];
  };
  const task = (name: string, run: () => unknown) => ({ name, opsPerIteration: count, before, run });
  await bench(`mongo-get-${count}`, {
    raw: task('mongodb: find, JSON.parse', async () => {
      const found = await tasks.find({ _id: { $in: ids } }, { batchSize: count + 1 }).toArray();
      return found.map(({ result }) => JSON.parse(String(result)));
    }),
    tasks: [
      task('mongoStore get', () => store.get(ids)),
      task(`backend getMany of ${count}`, () => backend.getMany(ids)),
    ],
  });
}

await Promise.all([store.close(), backend.close(), client.close()]);
await server[Symbol.asyncDispose]();
