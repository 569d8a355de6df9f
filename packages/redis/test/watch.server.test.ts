import { setImmediate } from 'node:timers/promises';
import { tcpProxy } from '@rb/conformance/tcp-proxy';
import type { WatchHandler } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { describe, expect, it } from 'vitest';
import { startOrThrow } from './servers.js';
import { clientAt, listener, recordOf, storeAt } from './stores.js';

const test = await serverTest('redis');

describe('watching', () => {
  test('hears of a write by another program that publishes as Celery does', async ({ server }) => {
    const globalKeyPrefix = `${namespace()}:`;
    const store = storeAt({ url: server.url, globalKeyPrefix });
    const heard = listener();
    await store.notify?.subscribe(heard).add(['t']);
    const key = `${globalKeyPrefix}celery-task-meta-t`;
    const value =
      '{"status": "SUCCESS", "result": 7, "traceback": null, "children": [], "date_done": null, "task_id": "t"}';
    await clientAt(server.url).multi().setex(key, 60, value).publish(key, value).exec();
    await expect.poll(() => heard.told).toEqual(['t SUCCESS']);
  });

  test('is told the deadline, which no message carries', async ({ server }) => {
    const store = storeAt({ url: server.url, globalKeyPrefix: namespace() });
    const expiresAt = Date.now() + 60_000;
    const told: unknown[] = [];
    await store.notify?.subscribe({ record: (record) => void told.push(record), gap() {} }).add(['a']);
    await store.put([recordOf({ expiresAt })]);
    await expect.poll(() => told).toEqual([recordOf({ expiresAt })]);
    expect(told).toEqual(await store.get(['a']));
  });

  test('asks the server for nothing more where no deadline is wanted', async ({ server }) => {
    const globalKeyPrefix = namespace();
    const store = storeAt({ url: server.url, globalKeyPrefix, clientName: globalKeyPrefix });
    const told: unknown[] = [];
    const handler: WatchHandler = { record: (record) => void told.push(record), gap() {} };
    await store.notify?.subscribe(handler, { deadlines: false }).add(['a']);
    const writer = storeAt({ url: server.url, globalKeyPrefix });
    await writer.put([recordOf({ expiresAt: Date.now() + 60_000 })]);
    await expect.poll(() => told).toEqual([recordOf()]);
    // The connection for commands has not been made.
    const clients = String(await clientAt(server.url).client('LIST')).split('\n');
    expect(clients.filter((line) => line.includes(`name=${globalKeyPrefix} `))).toHaveLength(1);
  });

  test('tells who one handler has removed nothing more of the same message', async ({ server }) => {
    const store = storeAt({ url: server.url, globalKeyPrefix: namespace() });
    for (const deadlines of [true, false]) {
      const heard = listener();
      const removed = store.notify?.subscribe(heard, { deadlines });
      const told: unknown[] = [];
      const remover: WatchHandler = {
        record(record) {
          told.push(record);
          removed?.remove(['a']);
        },
        gap() {},
      };
      await store.notify?.subscribe(remover, { deadlines }).add(['a']);
      await removed?.add(['a']);
      await store.put([recordOf({ state: 'STARTED' })]);
      await expect.poll(() => told).toHaveLength(1);
      expect(heard.told).toEqual([]);
    }
  });

  test('takes one connection and one channel, however many watch', async ({ server }) => {
    const globalKeyPrefix = namespace();
    const store = storeAt({ url: server.url, globalKeyPrefix, clientName: globalKeyPrefix });
    const admin = clientAt(server.url);
    const channel = `${globalKeyPrefix}_celery-task-meta-a`;
    const subscriptions = Array.from({ length: 50 }, () => store.notify?.subscribe(listener()));
    await Promise.all(subscriptions.map((each) => each?.add(['a'])));
    await store.put([recordOf()]);
    expect(await admin.pubsub('NUMSUB', channel)).toEqual([channel, 1]);
    const clients = String(await admin.client('LIST')).split('\n');
    expect(clients.filter((line) => line.includes(`name=${globalKeyPrefix} `))).toHaveLength(2);
    await Promise.all(subscriptions.map((each) => each?.close()));
    await expect.poll(() => admin.pubsub('NUMSUB', channel)).toEqual([channel, 0]);
  });

  test('takes 10,000 ids in one call', async ({ server }) => {
    const store = storeAt({ url: server.url, globalKeyPrefix: namespace() });
    const heard = listener();
    const ids = Array.from({ length: 10_000 }, (_, i) => `t${i}`);
    await store.notify?.subscribe(heard).add(ids);
    await store.put([recordOf({ taskId: 't9999' }), recordOf({ taskId: 'other' })]);
    await expect.poll(() => heard.told).toEqual(['t9999 SUCCESS']);
  });
});

describe('a process that is busy', () => {
  async function hearsAfterStalls(url: string, stallMs: number): Promise<void> {
    const store = storeAt({ url, globalKeyPrefix: namespace(), healthCheckMs: 50 });
    const heard = listener();
    await store.notify?.subscribe(heard).add(['a']);
    for (let i = 0; i < 10; i += 1) {
      await setImmediate();
      for (const end = performance.now() + stallMs; performance.now() < end; );
    }
    await store.put([recordOf()]);
    await expect.poll(() => heard.told).toEqual(['a SUCCESS']);
    expect(heard.gaps).toBe(0);
  }

  // One turn between stalls that are longer than a check: an answer is there, and has not been looked at.
  test('does not take its own silence for the server’s', ({ server }) => hearsAfterStalls(server.url, 60));

  test('does not where an answer needs several turns, as through a proxy of its own', async ({
    server,
    onTestFinished,
  }) => {
    const wire = await tcpProxy(server.url);
    onTestFinished(() => wire.close());
    await hearsAfterStalls(wire.url, 120);
  });
});

describe('a lost connection', () => {
  it.each(['kill', 'stop'] as const)('is told of as a gap once it is back (%s), and watching goes on', async (how) => {
    await using server = await startOrThrow('redis');
    const store = storeAt({ url: server.url });
    const heard = listener();
    await store.notify?.subscribe(heard).add(['a']);
    await server.nodes?.[0]?.[how]();
    await server.nodes?.[0]?.restart();
    await expect.poll(() => heard.gaps).toBe(1);
    await expect.poll(() => store.put([recordOf()]).catch(() => undefined)).toMatchObject([{}]);
    await expect.poll(() => heard.told).toEqual(['a SUCCESS']);
  });

  it('is noticed although nothing but silence tells of it', async () => {
    await using server = await startOrThrow('redis');
    const store = storeAt({ url: server.url, healthCheckMs: 100, connectTimeoutMs: 300 });
    const heard = listener();
    await store.notify?.subscribe(heard).add(['a']);
    await server.nodes?.[0]?.pause();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.nodes?.[0]?.resume();
    await expect.poll(() => heard.gaps).toBe(1);
  });
});
