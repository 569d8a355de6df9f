import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { byEnvironment, ownServer } from './lifecycle.ts';

const it = (await ownServer('redis-sentinel')).extend<{ client: Redis }>({
  client: async ({ server }, use) => {
    const sentinels = server.url.split(';').map((url) => {
      const { hostname: host, port } = new URL(url);
      return { host, port: Number(port) };
    });
    const client = new Redis({ sentinels, name: 'mymaster', maxRetriesPerRequest: null });
    client.on('error', () => {}); // it connects again
    await use(client);
    client.disconnect();
  },
});

/** Where the data is written now. */
const masterPort = async (client: Redis): Promise<string | undefined> =>
  /^tcp_port:(\d+)/m.exec(await client.info('server'))?.[1];

it('is a master, two replicas and three Sentinels', async ({ server, client }) => {
  expect(server.version).toMatch(/^Redis \d+\.\d+\.\d+$/);
  expect(server.nodes?.map(({ role }) => role).toSorted()).toEqual([
    'master',
    ...['replica', 'replica'],
    ...['sentinel', 'sentinel', 'sentinel'],
  ]);
  expect(await client.set('key', 'kept')).toBe('OK');
  expect(await client.wait(2, 5_000)).toBe(2);
});

it('is had by its URL in the environment too', async ({ server }) => {
  expect((await byEnvironment('redis-sentinel', server)).version).toBe(server.version);
});

it('has another master with the same data when the master is killed', { timeout: 60_000 }, async ({
  server,
  client,
}) => {
  const before = await masterPort(client);
  const master = server.nodes?.find(({ url }) => new URL(url).port === before);
  await master?.kill();
  await expect.poll(() => masterPort(client), { timeout: 30_000 }).not.toBe(before);
  expect(await client.get('key')).toBe('kept');
  await expect.poll(() => client.set('key', 'new'), { timeout: 10_000 }).toBe('OK');
});
