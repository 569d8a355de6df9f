import { setTimeout as sleep } from 'node:timers/promises';
import type { ResultError } from '@rb/core';
import type { ServerNode } from '@rb/servers/service';
import type { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { startOrThrow } from './servers.js';
import { clientAt, listener, RIGHTS, recordOf, storeAt } from './stores.js';

const IDS = Array.from({ length: 20 }, (_, i) => `t${i}`);
const records = (state: string) => IDS.map((taskId) => recordOf({ taskId, state }));

it('connects to every node of a Cluster as whom the credentials say, with a fresh token where one is connected to again', async () => {
  const server = await startOrThrow('redis-cluster');
  onTestFinished(() => server[Symbol.asyncDispose]());
  const admins = (server.nodes as readonly ServerNode[]).map(({ url }) => clientAt(url));
  const masters: Redis[] = [];
  for (const admin of admins) if ((await admin.role())[0] === 'master') masters.push(admin);
  const killAll = (admin: Redis | undefined): Promise<unknown> | undefined => admin?.client('KILL', 'USER', 'app');
  let password = '';
  const rotate = async (token: string): Promise<void> => {
    for (const admin of admins)
      await admin.acl('SETUSER', 'app', 'on', 'resetpass', `>${token}`, ...RIGHTS, '+cluster');
    password = token;
  };
  await rotate('first-token');
  const credentials = async () => {
    // As a service of tokens takes.
    await sleep(50);
    return { username: 'app', password };
  };
  const store = storeAt({ url: server.url, cluster: true, credentials });
  const heard = listener();
  await store.notify?.subscribe(heard).add(IDS);
  await store.put(records('STARTED'));
  await rotate('second-token');
  // Of all its connections only those to one master, and then the rest of them.
  expect(await killAll(masters[0])).toBeGreaterThan(0);
  const ends: unknown[] = [];
  const putAgain = async (): Promise<boolean> => {
    const end = await store.put(records('PROGRESS')).catch((error: ResultError) => error.code);
    return ends.push(end) > 0 && Array.isArray(end);
  };
  await expect.poll(putAgain).toBe(true);
  expect(ends.at(-1)).toEqual(IDS.map(() => ({ applied: true })));
  expect(ends).not.toContain('RB_DENIED');
  for (const master of masters) expect(await killAll(master)).toBeGreaterThan(0);
  const tell = async (): Promise<number> => {
    await store.put(records('RETRY')).catch(() => {});
    return new Set(heard.told.filter((each) => each.endsWith('RETRY'))).size;
  };
  await expect.poll(tell).toBe(IDS.length);
}, 30_000);
