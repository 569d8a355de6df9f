import { Cluster, Redis } from 'ioredis';
import { expect } from 'vitest';
import type { Server } from '../src/service.ts';
import { byEnvironment, ownServer } from './lifecycle.ts';

const it = (await ownServer('redis-cluster')).extend<{ client: Cluster }>({
  client: async ({ server }, use) => {
    // All of them: the one of `url` may be the one that is killed.
    const client = new Cluster(server.nodes?.map(({ url }) => url) ?? [server.url]);
    client.on('error', () => {}); // it connects again
    await client.ping();
    await use(client);
    client.disconnect();
  },
});

/** Spread over all slots. */
const KEYS = Array.from({ length: 100 }, (_, i) => `key-${i}`);

/** What each node says, undefined where one says nothing. */
async function askAll(server: Server, ask: (node: Redis) => Promise<unknown>): Promise<readonly unknown[]> {
  const answers = (server.nodes ?? []).map(async ({ url }) => {
    const node = new Redis(url, { lazyConnect: true, retryStrategy: null });
    node.on('error', () => {});
    try {
      await node.connect();
      return await ask(node);
    } catch {
      return undefined;
    } finally {
      node.disconnect();
    }
  });
  return Promise.all(answers);
}

const roles = async (server: Server): Promise<readonly unknown[]> =>
  askAll(server, async (node) => (await node.role())[0]);
const serves = async (server: Server): Promise<readonly unknown[]> =>
  askAll(server, async (node) => {
    const info = await node.cluster('INFO');
    return info.includes('cluster_state:ok') && info.includes('cluster_slots_ok:16384');
  });

it('is three masters with a replica each, and serves all slots', async ({ server, client }) => {
  expect(server.version).toMatch(/^Redis \d+\.\d+\.\d+$/);
  expect((await roles(server)).toSorted()).toEqual([...Array(3).fill('master'), ...Array(3).fill('slave')]);
  expect(await serves(server)).toEqual(Array(6).fill(true));
  await Promise.all(KEYS.map((key) => client.set(key, key)));
  for (const node of client.nodes('master')) expect(await node.wait(1, 5_000)).toBe(1);
});

it('is had by its URL in the environment too', async ({ server }) => {
  expect((await byEnvironment('redis-cluster', server)).version).toBe(server.version);
});

it('serves all slots again with their data after a master was killed', { timeout: 60_000 }, async ({
  server,
  client,
}) => {
  const master = (await roles(server)).indexOf('master');
  await server.nodes?.[master]?.kill();
  const replaced = async () => (await roles(server)).filter((role) => role === 'master').length;
  await expect.poll(replaced, { timeout: 30_000 }).toBe(3);
  await expect.poll(() => serves(server).then((all) => all.filter(Boolean).length), { timeout: 30_000 }).toBe(5);
  const values = () => Promise.all(KEYS.map((key) => client.get(key)));
  await expect.poll(values, { timeout: 10_000 }).toEqual(KEYS);
});
