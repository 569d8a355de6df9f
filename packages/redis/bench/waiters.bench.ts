/** Ten thousand waiters on one connection, all woken, against a bare subscriber of as many channels. */
import { bench } from '@rb/bench';
import { createResultBackend } from '@rb/core';
import { redisStore } from '@rb/redis';
import { Redis } from 'ioredis';
import { documentOf, keyOf, newIds } from './records.ts';
import { client, end, url } from './server.ts';

const WAITERS = 10_000;

const store = redisStore({ url, clientName: 'waiters' });
const backend = createResultBackend(store);
const subscriber = new Redis(url);

let ids: string[] = [];
let left = 0;
let done = (): void => {};
const count = (): void => {
  left -= 1;
  if (left === 0) done();
};
const begin = (): void => {
  ids = newIds(WAITERS);
  left = WAITERS;
};
const allTold = (): Promise<void> =>
  new Promise((resolve) => {
    done = resolve;
  });

/** As Celery writes, as fast as may be. */
async function writeAll(): Promise<void> {
  const pipeline = client.pipeline();
  for (const id of ids) {
    const value = documentOf(id);
    pipeline.setex(keyOf(id), 86_400, value).publish(keyOf(id), value);
  }
  await pipeline.exec();
}

subscriber.on('message', (_channel, text) => {
  JSON.parse(text);
  count();
});
let subscription = store.notify?.subscribe({ record: count, gap: () => {} });
let waiting: Promise<unknown>[] = [];

await bench('redis-waiters', {
  rounds: 3,
  timeMs: 100,
  raw: {
    name: 'ioredis: messages, JSON.parse',
    opsPerIteration: WAITERS,
    before: async () => {
      await subscriber.unsubscribe();
      begin();
      await subscriber.subscribe(...ids.map(keyOf));
    },
    run: () => Promise.all([allTold(), writeAll()]),
  },
  tasks: [
    {
      name: 'redisStore notify',
      opsPerIteration: WAITERS,
      before: async () => {
        await subscriber.unsubscribe();
        await subscription?.close();
        begin();
        subscription = store.notify?.subscribe({ record: count, gap: () => {} });
        await subscription?.add(ids);
      },
      run: () => Promise.all([allTold(), writeAll()]),
    },
    {
      name: 'backend result',
      opsPerIteration: WAITERS,
      before: async () => {
        await subscriber.unsubscribe();
        await subscription?.close();
        begin();
        waiting = ids.map((id) => backend.result(id));
        await backend.getMany(ids);
      },
      run: () => Promise.all([...waiting, writeAll()]),
    },
  ],
});

const connections = String(await client.client('LIST')).match(/name=waiters/g)?.length;
if (connections !== 2) throw new Error(`expected the store to have two connections, got ${connections}`);
subscriber.disconnect();
await store.close();
await end();
