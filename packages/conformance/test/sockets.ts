import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type TcpProxy, tcpProxy } from '../src/tcp-proxy.js';

/** One end of a connection and all that happened to it. */
export interface End {
  readonly socket: Socket;
  /** Everything received so far. */
  text(): string;
  /** `end`, an error's code, `close`: in the order in which they came. */
  readonly events: readonly string[];
}

export function observed(socket: Socket): End {
  const chunks: Buffer[] = [];
  const events: string[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('end', () => events.push('end'));
  socket.on('error', (error: NodeJS.ErrnoException) => events.push(String(error.code)));
  socket.on('close', () => events.push('close'));
  return { socket, events, text: () => Buffer.concat(chunks).toString() };
}

export interface Setting {
  readonly proxy: TcpProxy;
  /** The server's ends, in the order of their connections. */
  readonly accepted: readonly End[];
  /** Resolves when connected or refused. */
  dial(): Promise<End>;
}

/** A server that does what `serve` says, behind a proxy; both end with the test. */
export async function setting(serve: (socket: Socket) => void = () => {}): Promise<Setting> {
  const accepted: End[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(observed(socket));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await tcpProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const dialed: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of dialed) socket.destroy();
    await proxy.close();
    for (const { socket } of accepted) socket.destroy();
    server.close();
  });
  return {
    proxy,
    accepted,
    async dial() {
      const socket = connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true, noDelay: true });
      dialed.push(socket);
      const end = observed(socket);
      // A refused connection may be reset before it is known to be made.
      await once(socket, 'connect').catch(() => once(socket, 'close'));
      return end;
    },
  };
}

/** For servers: sends back what comes. */
export const echo = (socket: Socket): void => {
  socket.pipe(socket);
};
