/** From a write to who waits for it, against bare publish and subscribe. All tell of the same write, unless they say otherwise. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bench } from '@rb/bench';
import { createResultBackend } from '@rb/core';
import { redisStore } from '@rb/redis';
import { Redis } from 'ioredis';
import { documentOf, keyOf, newIds, recordOf } from './records.ts';
import { client, end, url } from './server.ts';

const store = redisStore({ url });
const writer = redisStore({ url });
const backend = createResultBackend(store);
const subscriber = new Redis(url);

let id = '';
let woken = (): void => {};
const wake = (): Promise<void> =>
  new Promise((resolve) => {
    woken = resolve;
  });
/** As Celery writes. */
const write = (): Promise<unknown> => {
  const value = documentOf(id);
  return client.multi().setex(keyOf(id), 86_400, value).publish(keyOf(id), value).exec();
};

subscriber.on('message', (_channel, text) => {
  JSON.parse(text);
  woken();
});
const handler = { record: () => woken(), gap: () => {} };
const subscription = store.notify?.subscribe(handler);
const bare = store.notify?.subscribe(handler, { deadlines: false });
/** As long as a waiter takes to read before it waits; all pause, because a process that slept is slower to wake. */
const pause = (): Promise<void> => sleep(2);
const listenRaw = async (): Promise<void> => {
  id = newIds(1)[0] ?? '';
  await subscriber.subscribe(keyOf(id));
  await pause();
};
const listenBy = (own: typeof subscription) => async (): Promise<void> => {
  id = newIds(1)[0] ?? '';
  await own?.add([id]);
  await pause();
};
let waiting: Promise<unknown> = Promise.resolve();

await bench('redis-wake', {
  raw: {
    name: 'ioredis: a message, JSON.parse',
    before: listenRaw,
    run: () => Promise.all([wake(), write()]),
  },
  tasks: [
    {
      name: 'ioredis: a message, then PEXPIRETIME',
      before: listenRaw,
      run: async () => {
        await Promise.all([wake(), write()]);
        await client.pexpiretime(keyOf(id));
      },
    },
    {
      name: 'redisStore notify',
      before: listenBy(subscription),
      run: () => Promise.all([wake(), write()]),
    },
    {
      name: 'redisStore notify, without deadlines',
      before: listenBy(bare),
      run: () => Promise.all([wake(), write()]),
    },
    {
      name: 'redisStore notify, put by redisStore',
      before: listenBy(subscription),
      run: () => Promise.all([wake(), writer.put([recordOf(id)])]),
    },
    ...(['wait', 'result'] as const).map((how) => ({
      name: `backend ${how}`,
      before: async () => {
        id = newIds(1)[0] ?? '';
        waiting = backend[how](id);
        await pause();
      },
      run: () => Promise.all([waiting, write()]),
    })),
  ],
});

subscriber.disconnect();
await Promise.all([store.close(), writer.close()]);
await end();
