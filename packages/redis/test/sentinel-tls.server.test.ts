import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { sharedServer } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { Host } from '../src/index.js';
import { errorOf, listener, recordOf, storeAt } from './stores.js';

const [sentinels, { tls: files }] = (await Promise.all([
  sharedServer('redis-sentinel'),
  sharedServer('redis-tls'),
])) as [
  Awaited<ReturnType<typeof sharedServer>>,
  { readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } },
];

/** Speaks TLS before a server that speaks none. */
async function tlsBefore(port: number, pem: { readonly cert: Buffer; readonly key: Buffer }): Promise<Host> {
  const open = new Set<TLSSocket>();
  const front = createServer(pem, (client) => {
    const server = connect(port, '127.0.0.1');
    open.add(client);
    client.pipe(server).pipe(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    front.close();
  });
  return { host: '127.0.0.1', port: (front.address() as AddressInfo).port };
}

it('asks Sentinels, and their master, over TLS', async ({ skip }) => {
  if ('missing' in sentinels || files === undefined) return skip('there are no Sentinels, or no certificates');
  const pem = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
  const ports = sentinels.url.split(';').map((url) => Number(new URL(url).port));
  const admin = new Redis(ports[0] as number);
  const master = (await admin.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster')) as readonly [string, string];
  admin.disconnect();
  const asked = await Promise.all(ports.map((port) => tlsBefore(port, pem)));
  const natMap = { [master.join(':')]: await tlsBefore(Number(master[1]), pem) };
  const url = asked.map(({ host, port }) => `sentinel://${host}:${port}`).join(';');
  const options = { url, globalKeyPrefix: namespace(), redisOptions: { natMap } };

  const store = storeAt({ ...options, tls: { ca: readFileSync(files.ca) } });
  const heard = listener();
  await store.notify?.subscribe(heard).add(['a']);
  expect(await store.put([recordOf()])).toEqual([{ applied: true }]);
  await expect.poll(() => heard.told).toEqual(['a SUCCESS']);
  // Who does not know the authority goes no further than the Sentinels.
  expect(await errorOf(storeAt({ ...options, tls: {} }).get(['a']))).toMatchObject({ code: 'RB_UNAVAILABLE' });
}, 20_000);
