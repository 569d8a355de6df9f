/** The backend beside celery-node and Python's Celery, on one server. Waits are for a write that is none of theirs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bench } from '@rb/bench';
import { createResultBackend } from '@rb/core';
import { redisStore } from '@rb/redis';
import { celeryNode, pythonCelery } from './peers.ts';
import { BATCH, documentOf, keyOf, newIds, VALUE } from './records.ts';
import { client, end, url } from './server.ts';

const backend = createResultBackend(redisStore({ url }));
const other = celeryNode(url);

let ids: string[] = [];
const batch = (name: string, run: () => unknown, before?: () => void) => ({
  name,
  opsPerIteration: BATCH,
  run,
  before: before ?? (() => {}),
});
const fresh = (): void => {
  ids = newIds(BATCH);
};

await bench('redis-peers-store', {
  raw: batch(
    'celery-node storeResult',
    () => Promise.all(ids.map((id) => other.backend.storeResult(id, VALUE, 'SUCCESS'))),
    fresh,
  ),
  tasks: [batch('backend store', () => Promise.all(ids.map((id) => backend.store(id, 'SUCCESS', VALUE))), fresh)],
});

fresh();
await Promise.all(ids.map((id) => backend.store(id, 'SUCCESS', VALUE)));
await bench('redis-peers-get', {
  raw: batch('celery-node getTaskMeta', () => Promise.all(ids.map((id) => other.backend.getTaskMeta(id)))),
  tasks: [batch('backend get', () => Promise.all(ids.map((id) => backend.get(id))))],
});

let id = '';
let waiting: Promise<unknown> = Promise.resolve();
/** @param wait Begins to wait, some time before what is waited for is written: at any moment of celery-node's interval. */
const awaited = (name: string, wait: () => Promise<unknown>) => ({
  name,
  before: async () => {
    id = newIds(1)[0] ?? '';
    waiting = wait();
    await sleep(2 + Math.random() * 20);
  },
  run: async () => {
    const value = documentOf(id);
    await client.multi().setex(keyOf(id), 86_400, value).publish(keyOf(id), value).exec();
    await waiting;
  },
});
await bench('redis-peers-wait', {
  rounds: 3,
  raw: awaited('celery-node get, every 500 ms (its default)', () => other.asyncResult(id).get(0, 500)),
  tasks: [
    awaited('celery-node get, every 50 ms', () => other.asyncResult(id).get(0, 50)),
    awaited('celery-node get, every 5 ms', () => other.asyncResult(id).get(0, 5)),
    awaited('backend result', () => backend.result(id)),
  ],
});

const python = await pythonCelery(url, BATCH);
process.stdout.write(
  `\nCelery 5.6.3 in Python: store_result ${Math.round(python.store)} ops/s, get_many of ${BATCH} ${Math.round(python.get)} ops/s\n`,
);

await Promise.all([backend.close(), other.disconnect()]);
await end();
