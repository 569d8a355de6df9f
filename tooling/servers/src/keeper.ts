import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Missing, Server, ServiceName } from './service.ts';
import { start } from './start.ts';

/** What a test file gets of a server that others use too: it is not to be stopped. */
export type SharedServer = Pick<Server, 'service' | 'url' | 'version' | 'how' | 'tls'>;

/** Keeps one server of each kind for a whole run, whose test files are processes of their own. */
export interface Keeper {
  /** A Unix socket: the name of a service, a line, is answered by a line of JSON. */
  readonly address: string;
  /** Ends all that it started. */
  close(): Promise<void>;
}

type Answer = SharedServer | Missing | { readonly error: string };

export async function openKeeper(): Promise<Keeper> {
  const directory = mkdtempSync(join(tmpdir(), 'rb-keeper-'));
  const address = join(directory, 'socket');
  const kept = new Map<ServiceName, Promise<Server | Missing>>();
  const clients = new Set<Socket>();

  async function answer(service: ServiceName): Promise<Answer> {
    const found = kept.get(service) ?? start(service);
    kept.set(service, found);
    try {
      const server = await found;
      if ('missing' in server) return server;
      const { url, version, how, tls } = server;
      return { service, url, version, how, ...(tls ? { tls } : {}) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  const listener = createServer((socket) => {
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    // A worker that is gone needs no answer.
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).on('line', async (line) => {
      socket.write(`${JSON.stringify(await answer(line as ServiceName))}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(address, resolve);
  });
  listener.unref();
  return {
    address,
    async close() {
      listener.close();
      for (const client of clients) client.destroy();
      const servers = await Promise.allSettled(kept.values());
      for (const server of servers) {
        if (server.status === 'fulfilled' && !('missing' in server.value)) await server.value[Symbol.asyncDispose]();
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Asks the keeper at an address. Errors: Error where the service does not start. */
export async function askKeeper(address: string, service: ServiceName): Promise<SharedServer | Missing> {
  const socket = connect(address);
  try {
    const line = await new Promise<string>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the keeper of servers has ended')));
      createInterface({ input: socket }).once('line', resolve);
      socket.write(`${service}\n`);
    });
    const answer: Answer = JSON.parse(line);
    if ('error' in answer) throw new Error(answer.error);
    return answer;
  } finally {
    socket.destroy();
  }
}
