import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { tcpProxy } from '../src/tcp-proxy.js';
import { type End, observed } from './sockets.js';

const BINARY = '/usr/bin/redis-server';

/** Closed again, so that a server may take it. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function dial(port: number): End {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  return observed(socket);
}

it('lets a server apply a command whose answer is never heard', async ({ skip }) => {
  if (!existsSync(BINARY)) skip(`there is no ${BINARY}: apt-get install redis-server`);
  const port = await freePort();
  const server = spawn(BINARY, ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' });
  onTestFinished(() => void server.kill());
  const direct = await vi.waitFor(async () => {
    const end = dial(port);
    end.socket.write('SET n 5\r\n');
    await vi.waitFor(() => expect(end.text()).toBe('+OK\r\n'), { timeout: 200 });
    return end;
  }, 20_000);

  const proxy = await tcpProxy(`redis://127.0.0.1:${port}/0`);
  onTestFinished(() => proxy.close());
  expect(proxy.url).toBe(`redis://127.0.0.1:${proxy.port}/0`);
  const proxied = dial(proxy.port);
  proxied.socket.write('INCR n\r\n');
  await expect.poll(() => proxied.text()).toBe(':6\r\n');
  await proxy.cutAfter(0);
  proxied.socket.write('INCR n\r\n');
  await expect.poll(() => proxied.events).toEqual(['ECONNRESET', 'close']);
  direct.socket.write('GET n\r\n');
  await expect.poll(() => direct.text()).toBe('+OK\r\n$1\r\n7\r\n');
});
