import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { tcpProxy } from '../src/tcp-proxy.js';

// A shared key instead of certificates, which a test would have to make.
const PSK = { ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' } as const;
const key = Buffer.from('a key that both ends know');

it('passes TLS through, and cuts it', async () => {
  const server = createServer({ ...PSK, pskCallback: () => key, pskIdentityHint: 'test' }, (socket: TLSSocket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await tcpProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const socket = connect({
    ...PSK,
    host: proxy.host,
    port: proxy.port,
    pskCallback: () => ({ psk: key, identity: 'test' }),
    // There is no certificate whose name could be looked at.
    checkServerIdentity: () => undefined,
  });
  onTestFinished(async () => {
    socket.destroy();
    await proxy.close();
    server.close();
  });
  const errors: string[] = [];
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(String(error.code)));
  await once(socket, 'secureConnect');
  socket.write('secret');
  await expect.poll(() => received).toBe('secret');
  await proxy.cut();
  await expect.poll(() => errors).toEqual(['ECONNRESET']);
});
