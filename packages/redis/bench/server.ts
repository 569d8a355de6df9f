/** A server of the bench's own, and a bare client of it. */
import type { Server } from '@rb/servers/service';
import { start } from '@rb/servers/start';
import { Redis } from 'ioredis';

const server = await started();

export const url: string = server.url;
export const client: Redis = new Redis(url);

export async function end(): Promise<void> {
  client.disconnect();
  await server[Symbol.asyncDispose]();
}

async function started(): Promise<Server> {
  const found = await start('redis');
  if ('missing' in found) throw new Error(found.missing);
  return found;
}
