import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { type Connect, lifecycle } from './lifecycle.ts';

const connect: Connect = async ({ url, tls }) => {
  const address = url.replace(/\?.*/, '');
  const client = new Redis(address, {
    lazyConnect: true,
    retryStrategy: null,
    ...(tls ? { tls: { ca: readFileSync(tls.ca) } } : {}),
  });
  client.on('error', () => {}); // the call says so too
  await client.connect();
  return {
    write: (value) => client.set('key', value),
    read: async () => String(await client.get('key')),
    close: async () => client.disconnect(),
  };
};

await lifecycle('redis', { connect, version: /^Redis \d+\.\d+\.\d+$/ });
await lifecycle('redis-tls', { connect, version: /^Redis \d+\.\d+\.\d+$/ });
await lifecycle('valkey', { connect, version: /^Valkey \d+\.\d+\.\d+$/ });
