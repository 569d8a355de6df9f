import { stdout } from 'node:process';
import { createResultBackend, isResultError, type ResultBackend } from '@rb/core';
import type { Server, ServerNode } from '@rb/servers/service';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { RedisStoreOptions } from '../src/index.js';
import { startOrThrow } from './servers.js';
import { storeAt } from './stores.js';

/** Before the master is killed, and after it; elections take two seconds here. */
const BEFORE_MS = 1_000;
const AFTER_MS = 6_000;
/** Redis acknowledges before its replicas have a write: what was acknowledged so shortly before the kill may be lost. */
const UNREPLICATED_MS = 500;
/** Calls at once, each after the one before. */
const CALLERS = 20;

interface Acknowledged {
  readonly taskId: string;
  readonly at: number;
}

/** Stores and awaits results while `kill` ends a master; says what became of each. */
async function underLoad(options: RedisStoreOptions, kill: () => Promise<void>) {
  const backendAt = (): ResultBackend => createResultBackend(storeAt(options), { expiresIn: null });
  await using writer = backendAt();
  await using waiter = backendAt();
  const acknowledged: Acknowledged[] = [];
  const errors: unknown[] = [];
  const waits: Promise<{ readonly taskId: string; readonly result: unknown }>[] = [];
  let killedAt = Number.POSITIVE_INFINITY;
  let slowestMs = 0;
  const start = performance.now();
  const isOver = (): boolean => performance.now() > Math.min(killedAt, start + BEFORE_MS + 5_000) + AFTER_MS;
  const caller = async (of: number): Promise<void> => {
    for (let i = 0; !isOver(); i += 1) {
      const taskId = `t${of}-${i}`;
      const wait = waiter.result(taskId, { timeoutMs: 20_000 });
      waits.push(
        wait.then(
          (result) => ({ taskId, result }),
          (error) => ({ taskId, result: error }),
        ),
      );
      const called = performance.now();
      try {
        await writer.succeed(taskId, taskId);
        acknowledged.push({ taskId, at: performance.now() });
      } catch (error) {
        errors.push(error);
        // So that its waiter ends, too.
        await writer.succeed(taskId, taskId);
      }
      slowestMs = Math.max(slowestMs, performance.now() - called);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const callers = Array.from({ length: CALLERS }, (_, of) => caller(of));
  await new Promise((resolve) => setTimeout(resolve, BEFORE_MS));
  await kill();
  killedAt = performance.now();
  await Promise.all(callers);
  const waited = await Promise.all(waits);
  const found = await Promise.all(acknowledged.map(({ taskId }) => writer.get(taskId)));
  const lost = acknowledged.filter((_, i) => found[i]?.state !== 'SUCCESS');
  stdout.write(
    `${acknowledged.length} acknowledged, ${lost.length} of them lost by Redis, ${waited.length} waits, ${errors.length} errors, the slowest call ${Math.round(slowestMs)} ms\n`,
  );
  return { acknowledged, lost, waited, errors, killedAt };
}

async function expectNothingLost(load: Awaited<ReturnType<typeof underLoad>>): Promise<void> {
  const { acknowledged, lost, waited, errors, killedAt } = load;
  expect(acknowledged.some(({ at }) => at < killedAt - UNREPLICATED_MS)).toBe(true);
  expect(acknowledged.some(({ at }) => at > killedAt + AFTER_MS / 2)).toBe(true);
  // Only what the dead master alone had.
  expect(lost.filter(({ at }) => at < killedAt - UNREPLICATED_MS || at > killedAt)).toEqual([]);
  const unresolved = waited.filter(({ taskId, result }) => result !== taskId);
  expect(unresolved.filter(({ taskId }) => !lost.some((each) => each.taskId === taskId))).toEqual([]);
  for (const error of errors) expect(isResultError(error) && error.retryable).toBe(true);
}

const nodeAt = ({ nodes = [] }: Server, port: string): ServerNode => {
  const node = nodes.find(({ url }) => new URL(url).port === port);
  if (node === undefined) throw new Error(`no node listens on ${port}`);
  return node;
};

describe('the loss of a master under load', () => {
  it('of a Cluster loses no acknowledged result but what its replica had not got, and leaves no wait behind', async () => {
    await using server = await startOrThrow('redis-cluster');
    const admin = new Redis(server.url);
    const masters = String(await admin.cluster('NODES'))
      .split('\n')
      .filter((line) => / (myself,)?master /.test(line));
    admin.disconnect();
    const [, address = ''] = masters.at(-1)?.split(' ') ?? [];
    const port = address.split('@')[0]?.split(':')[1] ?? '';
    await expectNothingLost(await underLoad({ url: server.url, cluster: true }, () => nodeAt(server, port).kill()));
  }, 60_000);

  it('behind Sentinels does the same', async () => {
    await using server = await startOrThrow('redis-sentinel');
    const master = server.nodes?.find(({ role }) => role === 'master');
    await expectNothingLost(await underLoad({ url: server.url }, async () => master?.kill()));
  }, 60_000);
});

describe('the loss of the node that a Cluster’s subscriber listens to', () => {
  it('is made good by listening to another one', async () => {
    await using server = await startOrThrow('redis-cluster');
    const cluster = (server.nodes ?? []).map(({ url }) => ({
      host: new URL(url).hostname,
      port: Number(new URL(url).port),
    }));
    await using waiter = createResultBackend(storeAt({ cluster, clientName: 'waiter' }));
    await using writer = createResultBackend(storeAt({ cluster, clientName: 'writer' }));
    const wait = waiter.result('late', { timeoutMs: 20_000 });
    wait.catch(() => {});
    let listened: ServerNode | undefined;
    await expect
      .poll(async () => {
        for (const node of server.nodes ?? []) {
          const admin = new Redis(node.url);
          const list = String(await admin.client('LIST'));
          admin.disconnect();
          if (/name=waiter .* sub=1 /.test(list)) listened = node;
        }
        return listened?.url;
      })
      .toBeDefined();
    await listened?.kill();
    await writer.succeed('late', 42);
    expect(await wait).toBe(42);
  }, 60_000);
});
