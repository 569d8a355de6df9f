/** Reading, against bare ioredis. */
import { bench } from '@rb/bench';
import { createResultBackend } from '@rb/core';
import { redisStore } from '@rb/redis';
import { GET } from '../src/scripts.ts';
import { BATCH, keyOf, newIds, recordOf } from './records.ts';
import { client, end, url } from './server.ts';

client.defineCommand('both', GET);
interface Reads {
  bothBuffer(count: number, ...keys: readonly string[]): Promise<readonly (Buffer | null)[]>;
}

const store = redisStore({ url });
const backend = createResultBackend(redisStore({ url }));

const known = Array.from({ length: 20 }, () => newIds(BATCH));
for (const some of known) await store.put(some.map(recordOf));

for (const count of [1, BATCH]) {
  let ids: string[] = [];
  let round = 0;
  const before = (): void => {
    ids = known[round++ % known.length]?.slice(0, count) ?? [];
  };
  const task = (name: string, run: () => unknown) => ({ name, opsPerIteration: count, before, run });
  const mget = (): Promise<(string | null)[]> => client.mget(ids.map(keyOf));

  await bench(`redis-get-${count}`, {
    raw: task('ioredis: MGET, JSON.parse', async () => (await mget()).map((text) => JSON.parse(text ?? 'null'))),
    tasks: [
      task('ioredis: MGET', mget),
      task('ioredis: MGET and PEXPIRETIME, JSON.parse', async () => {
        const pipeline = client.pipeline().mget(ids.map(keyOf));
        for (const id of ids) pipeline.pexpiretime(keyOf(id));
        const [[, texts] = [], ...deadlines] = (await pipeline.exec()) ?? [];
        return (texts as string[]).map((text, i) => [JSON.parse(text), deadlines[i]?.[1]]);
      }),
      task('ioredis: the script of both, JSON.parse', async () => {
        const values = await (client as unknown as Reads).bothBuffer(count, ...ids.map(keyOf));
        const deadlines = values[count] as Buffer;
        return ids.map((_, i) => [JSON.parse(String(values[i])), deadlines.readDoubleLE(8 * i)]);
      }),
      task('redisStore get', () => store.get(ids)),
      task('redisStore get, without deadlines', () => store.get(ids, { deadlines: false })),
      task(`backend getMany of ${count}`, () => backend.getMany(ids)),
      task(`backend getMany of ${count}, without deadlines`, () => backend.getMany(ids, { deadlines: false })),
      task(`backend get, ${count} at once`, () => Promise.all(ids.map((id) => backend.get(id)))),
    ],
  });
}

await Promise.all([store.close(), backend.close()]);
await end();
