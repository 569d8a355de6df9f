import type { ServerNode } from '@rb/servers/service';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { startOrThrow } from './servers.js';
import { clientAt, errorOf, listener, recordOf, storeAt } from './stores.js';

const APPLIED = [{ applied: true }];
const TIMES = { connectTimeoutMs: 1_000, healthCheckMs: 200 };
const IDS = Array.from({ length: 20 }, (_, i) => `t${i}`);

/** By a connection that is gone before the node is. */
async function ask({ url }: ServerNode, command: string, ...args: readonly string[]): Promise<string> {
  const client = new Redis(url);
  try {
    return String(await client.call(command, ...args));
  } finally {
    client.disconnect();
  }
}

const hasFailedOver = async (node: ServerNode): Promise<boolean> =>
  / master,fail /.test(await ask(node, 'CLUSTER', 'NODES')) &&
  (await ask(node, 'CLUSTER', 'INFO')).includes('cluster_slots_ok:16384');

describe('a Cluster whose first node is gone', () => {
  it('is reached through nodes that were found later, by commands and by who listens', async () => {
    await using server = await startOrThrow('redis-cluster');
    const [seed, ...others] = server.nodes as [ServerNode, ServerNode];
    const store = storeAt({ url: seed.url, cluster: true, ...TIMES });
    const heard = listener();
    await store.notify?.subscribe(heard).add(IDS);
    await store.get(IDS);
    await seed.kill();
    await expect.poll(() => hasFailedOver(others[0])).toBe(true);
    // Until here it had connections to the others.
    for (const type of ['normal', 'pubsub']) for (const node of others) await ask(node, 'CLIENT', 'KILL', 'TYPE', type);
    await expect.poll(() => store.get(IDS).catch(String)).toEqual(IDS.map(() => undefined));
    const tell = async (): Promise<number> => {
      await store.put(IDS.map((taskId) => recordOf({ taskId, state: 'PROGRESS' })));
      return new Set(heard.told).size;
    };
    await expect.poll(tell).toBe(IDS.length);
  }, 60_000);
});

describe('a master that was made a replica', () => {
  it('is left at its first refusal, so that the next call asks anew where the master is', async () => {
    await using server = await startOrThrow('redis');
    const admin = clientAt(server.url);
    const store = storeAt({ url: server.url, clientName: 'writer' });
    const connectionOf = async (): Promise<string | undefined> =>
      /^id=(\d+) .* name=writer /m.exec(String(await admin.client('LIST')))?.[1];
    await store.put([recordOf({ state: 'STARTED' })]);
    const first = await connectionOf();
    await admin.replicaof('127.0.0.1', '1');
    expect(await errorOf(store.put([recordOf()]))).toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
    await expect.poll(connectionOf).toBeUndefined();
    await admin.replicaof('NO', 'ONE');
    expect(await store.put([recordOf()])).toEqual(APPLIED);
    expect(await connectionOf()).not.toBe(first);
  });
});

describe('a Sentinel that is there and says nothing', () => {
  it('is passed over: the others are asked', async () => {
    await using server = await startOrThrow('redis-sentinel');
    const sentinels = (server.nodes ?? []).filter(({ role }) => role === 'sentinel');
    await sentinels[0]?.pause();
    const store = storeAt({ url: server.url, ...TIMES });
    const heard = listener();
    await expect.poll(() => store.put([recordOf({ state: 'STARTED' })]).catch(String)).toEqual(APPLIED);
    const listen = async (): Promise<unknown> =>
      store.notify
        ?.subscribe(heard)
        .add(['a'])
        .then(() => 'listens', String);
    await expect.poll(listen).toBe('listens');
    await sentinels[1]?.pause();
    const master = server.nodes?.find(({ role }) => role === 'master') as ServerNode;
    for (const type of ['normal', 'pubsub']) await ask(master, 'CLIENT', 'KILL', 'TYPE', type);
    await expect.poll(() => store.put([recordOf()]).catch(String)).toEqual(APPLIED);
    await expect.poll(() => heard.gaps).toBeGreaterThan(0);
  }, 30_000);
});
