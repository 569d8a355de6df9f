import type { ResultStore } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { describe, expect, it } from 'vitest';
import { startOrThrow } from './servers.js';
import { clientAt, recordOf, storeAt } from './stores.js';

const test = await serverTest('redis');
const onCluster = await serverTest('redis-cluster');

const COUNT = 2_000;
const ids = Array.from({ length: COUNT }, (_, i) => `t${String(i).padStart(4, '0')}`);
const fill = async (store: ResultStore): Promise<void> => {
  await store.put(ids.map((taskId) => recordOf({ taskId })));
};

async function* idsOf(store: ResultStore, after?: string): AsyncGenerator<{ ids: readonly string[]; cursor: string }> {
  for await (const { records, cursor } of store.scan?.pages({ after, pageSize: 100 }) ?? []) {
    yield { ids: records.map(({ taskId }) => taskId), cursor };
  }
}
async function rest(store: ResultStore, after?: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const page of idsOf(store, after)) found.push(...page.ids);
  return found;
}
async function firstPage(store: ResultStore): Promise<{ ids: readonly string[]; cursor: string }> {
  for await (const page of idsOf(store)) return page;
  throw new Error('the scan yielded nothing');
}

describe('a scan', () => {
  test('yields the tasks of its prefix, and neither groups nor what others keep', async ({ server }) => {
    const globalKeyPrefix = `${namespace()}:`;
    const store = storeAt({ url: server.url, globalKeyPrefix });
    await store.put([recordOf()]);
    await store.groups?.save({ groupId: 'g', members: [], parent: null, expiresAt: null });
    const admin = clientAt(server.url);
    await admin.set(`${globalKeyPrefix}other`, '1');
    await admin.lpush(`${globalKeyPrefix}celery-task-meta-list`, '1');
    await admin.set(`x${globalKeyPrefix}celery-task-meta-theirs`, '1');
    expect(await rest(store)).toEqual(['a']);
  });

  onCluster('goes through every master, each id once', async ({ server }) => {
    const store = storeAt({ url: server.url, cluster: true, globalKeyPrefix: namespace() });
    await fill(store);
    expect((await rest(store)).toSorted()).toEqual(ids);
    const { ids: first, cursor } = await firstPage(store);
    expect([...first, ...(await rest(store, cursor))].toSorted()).toEqual(ids);
  });

  it('misses nothing after a restart of the server, which then goes through its keys in another order', async () => {
    await using server = await startOrThrow('redis');
    const store = storeAt({ url: server.url });
    await fill(store);
    const { ids: first, cursor } = await firstPage(store);
    await server.nodes?.[0]?.restart();
    await expect.poll(() => store.get(['t0000']).catch(() => undefined)).toMatchObject([{ taskId: 't0000' }]);
    const all = [...first, ...(await rest(store, cursor))];
    expect([...new Set(all)].toSorted()).toEqual(ids);
  });

  it('needs no permission to ask for the server’s state', async () => {
    await using server = await startOrThrow('redis');
    await clientAt(server.url).acl('SETUSER', 'app', 'on', 'nopass', '~*', '&*', '+@all', '-info', '-keys');
    const store = storeAt({ url: server.url.replace('redis://', 'redis://app:any@') });
    await fill(store);
    const { ids: first, cursor } = await firstPage(store);
    expect([...first, ...(await rest(store, cursor))].toSorted()).toEqual(ids);
    expect(await store.stats?.read()).toMatchObject({ byState: { SUCCESS: COUNT }, total: COUNT });
  });
});

describe('statistics', () => {
  it('are estimates beyond some thousand records, and never ask for all keys', async () => {
    await using server = await startOrThrow('redis');
    const store = storeAt({ url: server.url });
    const many = 30_000;
    for (let from = 0; from < many; from += 5_000) {
      const records = Array.from({ length: 5_000 }, (_, i) =>
        recordOf({ taskId: `t${from + i}`, state: i % 4 === 0 ? 'FAILURE' : 'SUCCESS' }),
      );
      await store.put(records);
    }
    await clientAt(server.url).acl('SETUSER', 'app', 'on', 'nopass', '~*', '&*', '+@all', '-keys');
    const asApp = storeAt({ url: server.url.replace('redis://', 'redis://app:any@') });
    const stats = await asApp.stats?.read();
    expect(stats?.estimated).toBe(true);
    // A tenth off is ten times what a sample of a third would be off by chance.
    expect(stats?.total).toBeGreaterThan(many * 0.9);
    expect(stats?.total).toBeLessThan(many * 1.1);
    expect((stats?.byState.FAILURE ?? 0) / many).toBeCloseTo(0.25, 1);
  });
});
