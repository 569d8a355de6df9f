import { tcpProxy } from '@rb/conformance/tcp-proxy';
import { serverTest } from '@rb/servers/fixture';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { connected } from '../src/connecting.js';

const it = await serverTest('redis-sentinel');

it('adds no listener with each attempt while no Sentinel answers', async ({ server, onTestFinished }) => {
  const [first = ''] = server.url.split(';');
  const wire = await tcpProxy(first.replace('sentinel:', 'redis:'));
  const client = new Redis({
    sentinels: [{ host: wire.host, port: wire.port }],
    name: 'mymaster',
    updateSentinels: false,
    sentinelRetryStrategy: () => null,
    retryStrategy: () => null,
    lazyConnect: true,
  });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  await connected(client, 2_000);
  await wire.close();
  client.disconnect();
  await expect.poll(() => client.status).toBe('end');
  const listeners = (): number => client.stream.listenerCount('close');
  const before = listeners();
  for (let attempt = 0; attempt < 3; attempt += 1)
    await expect(connected(client, 2_000)).rejects.toThrow('unreachable');
  expect(listeners()).toBe(before);
});
