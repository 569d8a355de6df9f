import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './connection.js';

/** Resolves once the client is connected. Errors: the driver's, or ETIMEDOUT. */
export async function connected(client: Client, timeoutMs: number): Promise<void> {
  if (client.status === 'ready') return;
  // A borrowed client may be on its way already.
  const under = client.status === 'connecting' || client.status === 'connect' || client.status === 'reconnecting';
  const end = new AbortController();
  const timeout = sleep(timeoutMs, undefined, { signal: end.signal }).then(
    () => Promise.reject(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })),
    () => {},
  );
  try {
    await Promise.race([under ? becomesReady(client) : client.connect(), timeout]);
  } catch (error) {
    // One that has ended by itself is left alone: behind Sentinels ioredis would end the socket of before once more, and listen to it again.
    if (!under && (client.status !== 'end' || 'nodes' in client)) client.disconnect();
    throw error;
  } finally {
    end.abort();
  }
}

const becomesReady = (client: Client): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (): void => {
      client.off('ready', ready);
      client.off('close', gone);
    };
    const ready = (): void => {
      done();
      resolve();
    };
    const gone = (): void => {
      done();
      reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
    };
    client.on('ready', ready);
    client.on('close', gone);
  });
