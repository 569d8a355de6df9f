import type { ResultStore } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { formatPosition } from '../src/scan-position.js';
import { startOrThrow } from './servers.js';
import { clientAt, recordOf, storeAt } from './stores.js';

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

  it('yields once what its cursor holds and Redis repeats, as it does while it resizes', async () => {
    await using server = await startOrThrow('redis');
    const store = storeAt({ url: server.url });
    await fill(store);
    const cursor = formatPosition({ done: [], cursor: '0', left: ['t0001', 't0000'] });
    expect((await rest(store, cursor)).toSorted()).toEqual(ids);
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
