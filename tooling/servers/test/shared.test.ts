import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { serverTest } from '../src/fixture.ts';
import { namespace } from '../src/shared.ts';

const test = await serverTest('redis');

test('gives every test file the same server', async ({ server }) => {
  const client = new Redis(server.url);
  const key = namespace();
  expect(await client.set(key, '1')).toBe('OK');
  expect(await client.del(key)).toBe(1);
  client.disconnect();
});
