import { getActiveResourcesInfo } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createResultBackend } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { Cluster } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { redisStore } from '../src/index.js';
import { startOrThrow } from './servers.js';
import { listener, recordOf, storeAt } from './stores.js';

const test = await serverTest('redis-cluster');
const ids = Array.from({ length: 100 }, (_, i) => `t${i}`);
const told = ids.map((id) => `${id} SUCCESS`).toSorted();

describe('sharded pub/sub in a Cluster', () => {
  test('brings what is written anywhere, and nothing that is published for all', async ({ server }) => {
    const globalKeyPrefix = namespace();
    const options = { url: server.url, cluster: true, globalKeyPrefix, shardedPubSub: true } as const;
    const heard = listener();
    const subscription = storeAt(options).notify?.subscribe(heard);
    await subscription?.add([...ids, 'gone']);
    subscription?.remove(['gone']);
    await storeAt({ ...options, shardedPubSub: false }).put([recordOf({ taskId: 't0', state: 'STARTED' })]);
    await storeAt(options).put([...ids, 'gone'].map((taskId) => recordOf({ taskId })));
    await expect.poll(() => heard.told.toSorted()).toEqual(told);
  });

  test('works with a client of the caller', async ({ server }) => {
    const { hostname, port } = new URL(server.url);
    const client = new Cluster([{ host: hostname, port: Number(port) }]);
    await using results = createResultBackend(
      redisStore({ client, globalKeyPrefix: namespace(), shardedPubSub: true }),
    );
    const wait = results.result('a', { timeoutMs: 10_000 });
    await results.succeed('a', 1);
    expect(await wait).toBe(1);
    client.disconnect();
  });

  test('leaves nothing behind that keeps a process alive', async ({ server }) => {
    const timers = (): number => getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const lingering: number[] = [];
    for (let round = 0; round < 40; round++) {
      const before = timers();
      const store = redisStore({ url: server.url, cluster: true, shardedPubSub: true });
      await store.notify?.subscribe(listener()).add(['a']);
      await store.close();
      // The sockets themselves close within some turns; ioredis gives one that does not 2 s.
      for (let turn = 0; turn < 50 && timers() > before; turn++) await sleep(10);
      lingering.push(timers() - before);
    }
    expect(Math.max(...lingering)).toBeLessThanOrEqual(0);
  });

  it('listens to the new master when one is killed, and tells of the gap', async () => {
    await using server = await startOrThrow('redis-cluster');
    const store = storeAt({ url: server.url, cluster: true, shardedPubSub: true });
    const heard = listener();
    await store.notify?.subscribe(heard).add(ids);
    const admin = new Cluster([server.url]);
    const [last] = (await admin.cluster('SLOTS')).slice(-1);
    admin.disconnect();
    const dead = server.nodes?.find(({ url }) => Number(new URL(url).port) === last?.[2]?.[1]);
    await dead?.kill();
    await expect.poll(() => heard.gaps).toBeGreaterThan(0);
    const put = (): Promise<unknown> => store.put(ids.map((taskId) => recordOf({ taskId, state: 'RETRY' })));
    await expect
      .poll(
        () =>
          put().then(
            () => heard.told.length > ids.length / 2,
            () => false,
          ),
        { timeout: 15_000 },
      )
      .toBe(true);
    await expect
      .poll(
        async () => {
          await put();
          return new Set(heard.told).size;
        },
        { timeout: 15_000 },
      )
      .toBe(ids.length);
  }, 60_000);

  it('follows a slot that moves to another master', async () => {
    await using server = await startOrThrow('redis-cluster');
    const store = storeAt({ url: server.url, cluster: true, shardedPubSub: true });
    const heard = listener();
    await store.notify?.subscribe(heard).add(['a{slot}']);
    const admin = new Cluster([server.url]);
    const slot = await admin.cluster('KEYSLOT', 'x{slot}');
    const masters = admin.nodes('master');
    const ranges = await admin.cluster('SLOTS');
    const owner = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2]?.[1];
    const target = masters.find(({ options }) => options.port !== owner);
    const id = await target?.cluster('MYID');
    // The new master first, so that there is one at any time.
    for (const each of [target, ...masters.filter((master) => master !== target)])
      await each?.cluster('SETSLOT', slot, 'NODE', String(id));
    await expect
      .poll(
        async () => {
          await store.put([recordOf({ taskId: 'a{slot}', state: 'RETRY' })]).catch(() => {});
          return heard.told;
        },
        { timeout: 15_000 },
      )
      .toContain('a{slot} RETRY');
    expect(heard.gaps).toBeGreaterThan(0);
    admin.disconnect();
  }, 60_000);

  it('is for a Cluster alone', () => {
    expect(() => redisStore({ shardedPubSub: true })).toThrow(/expected shardedPubSub only with a Cluster/);
  });
});
