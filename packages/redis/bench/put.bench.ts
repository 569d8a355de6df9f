/** Storing, against bare ioredis that sends the same script. */
import { bench } from '@rb/bench';
import { createResultBackend, type TaskRecord } from '@rb/core';
import { redisStore } from '@rb/redis';
import { put } from '../src/scripts.ts';
import { BATCH, deadline, documentOf, keyOf, newIds, recordOf, VALUE } from './records.ts';
import { client, end, url } from './server.ts';

const store = redisStore({ url });
const backend = createResultBackend(redisStore({ url }));

client.defineCommand('put', put('PUBLISH'));
interface Puts {
  put(key: string, value: string, deadline: string, judged: string): Promise<unknown>;
}
const arguments_ = (id: string) => [keyOf(id), documentOf(id), String(deadline()), ''] as const;

let ids: string[] = [];
let records: TaskRecord[] = [];

for (const concurrent of [1, BATCH]) {
  const before = (): void => {
    ids = newIds(concurrent);
    records = ids.map(recordOf);
  };
  const task = (name: string, run: () => unknown) => ({ name, opsPerIteration: concurrent, before, run });

  await bench(`redis-put-${concurrent}`, {
    raw: task('ioredis: the script, one pipeline', async () => {
      const pipeline = client.pipeline();
      for (const id of ids) void (pipeline as unknown as Puts).put(...arguments_(id));
      await pipeline.exec();
    }),
    tasks: [
      task('ioredis: the script, one by one', () =>
        Promise.all(ids.map((id) => (client as unknown as Puts).put(...arguments_(id)))),
      ),
      task('ioredis: GET, then MULTI SETEX PUBLISH, as Celery', () =>
        Promise.all(
          ids.map(async (id) => {
            const key = keyOf(id);
            await client.get(key);
            const value = documentOf(id);
            await client.multi().setex(key, 86_400, value).publish(key, value).exec();
          }),
        ),
      ),
      task('redisStore put', () => store.put(records)),
      task(`backend store, ${concurrent} at once`, () =>
        Promise.all(ids.map((id) => backend.store(id, 'SUCCESS', VALUE))),
      ),
    ],
  });
}

await Promise.all([store.close(), backend.close()]);
await end();
