import type { ResultStore, ScanFilter, ScanOptions, ScanPage, TaskRecord } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { Cluster, type Redis } from 'ioredis';
import { describe, expect } from 'vitest';
import { startOrThrow } from './servers.js';
import { clientAt, recordOf, storeAt } from './stores.js';

const ids = (count: number, prefix = 't'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

async function pagesOf(store: ResultStore, options?: ScanOptions): Promise<readonly ScanPage[]> {
  const pages: ScanPage[] = [];
  for await (const page of store.scan?.pages(options) ?? []) pages.push(page);
  return pages;
}
const idsOf = (pages: readonly ScanPage[]): readonly string[] =>
  pages.flatMap(({ records }) => records.map(({ taskId }) => taskId));

for (const service of ['redis', 'redis-cluster'] as const) {
  const test = await serverTest(service);
  const isCluster = service === 'redis-cluster';
  const open = (url: string, globalKeyPrefix: string): ResultStore =>
    storeAt({ url, cluster: isCluster || undefined, globalKeyPrefix });
  const rawAt = async <T>(url: string, work: (client: Redis | Cluster) => Promise<T>): Promise<T> => {
    const client = isCluster ? new Cluster([url]) : clientAt(url);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  };
  /** One field of a section of INFO, added up over all nodes. */
  const calls = (url: string, command: string): Promise<number> =>
    rawAt(url, async (client) => {
      if ('nodes' in client) await client.ping();
      const nodes = 'nodes' in client ? client.nodes('master') : [client];
      const texts = await Promise.all(nodes.map((node) => node.info('commandstats')));
      return texts.reduce(
        (sum, text) => sum + Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(text)?.[1] ?? 0),
        0,
      );
    });

  describe(`a scan of ${service}`, () => {
    test('yields each record once, and nothing else that is stored', async ({ server }) => {
      const prefix = `${namespace()}:`;
      const store = open(server.url, prefix);
      const all = ids(700);
      await store.put(all.map((taskId) => recordOf({ taskId })));
      await open(server.url, `${prefix}other:`).put([recordOf({ taskId: 'others' })]);
      await store.groups?.save({ groupId: 'g', members: [], parent: null, expiresAt: null });
      await rawAt(server.url, async (client) => {
        await client.hset(`${prefix}celery-task-meta-no-string`, 'a', '1');
        await client.set(`${prefix}celery-task-metadata`, 'of another program');
      });
      const pages = await pagesOf(store, { pageSize: 50 });
      expect(pages.every(({ records }) => records.length <= 50)).toBe(true);
      expect(idsOf(pages).toSorted()).toEqual(all.toSorted());
    });

    test('yields what a filter lets through', async ({ server }) => {
      const store = open(server.url, namespace());
      const made = (i: number): TaskRecord =>
        recordOf({
          taskId: `t${i}`,
          state: i % 2 === 0 ? 'SUCCESS' : 'STARTED',
          doneAt: i % 2 === 0 ? 1_000 * i : null,
          meta: { name: i < 100 ? 'first' : 'second', worker: `w${i % 5}` },
        });
      await store.put(ids(200).map((_, i) => made(i)));
      const filtered = async (filter: ScanFilter): Promise<number> => idsOf(await pagesOf(store, { filter })).length;
      expect(await filtered({ states: ['STARTED'] })).toBe(100);
      expect(await filtered({ name: 'first', worker: 'w3' })).toBe(20);
      expect(await filtered({ since: 100_000, until: 110_000 })).toBe(5);
    });

    test('goes on after the page of a cursor, in another process', async ({ server }) => {
      const prefix = namespace();
      const store = open(server.url, prefix);
      await store.put(ids(600).map((taskId) => recordOf({ taskId })));
      const [first, second, ...rest] = await pagesOf(store, { pageSize: 40 });
      const after = await pagesOf(open(server.url, prefix), { pageSize: 40, after: second?.cursor });
      // While Redis resizes its table some come again.
      expect(idsOf(after)).toEqual(expect.arrayContaining([...idsOf(rest)]));
      expect([...new Set(idsOf([first, second, ...after] as ScanPage[]))].toSorted()).toEqual(ids(600).toSorted());
    });

    test('repeats nothing while the table grows, which makes Redis itself repeat', { timeout: 30_000 }, async ({
      server,
    }) => {
      const store = open(server.url, namespace());
      const live = ids(1_000);
      await store.put(live.map((taskId) => recordOf({ taskId })));
      const found: string[] = [];
      for await (const { records } of store.scan?.pages({ pageSize: 100 }) ?? []) {
        found.push(...records.map(({ taskId }) => taskId));
        const more = found.length < 3_000 ? ids(1_000, `more${found.length}-`) : [];
        await store.put(more.map((taskId) => recordOf({ taskId })));
      }
      expect(new Set(found).size).toBe(found.length);
      expect(found).toEqual(expect.arrayContaining(live));
    });
  });

  describe(`statistics of ${service}`, () => {
    test('are exact of what is looked at whole, and never ask for KEYS', { timeout: 60_000 }, async () => {
      await using server = await startOrThrow(service);
      const store = open(server.url, 'app');
      await store.put(ids(300).map((taskId, i) => recordOf({ taskId, doneAt: 5_000 + i })));
      await store.put(ids(100, 's').map((taskId) => recordOf({ taskId, state: 'STARTED', doneAt: null })));
      await open(server.url, 'other').put(ids(500).map((taskId) => recordOf({ taskId })));
      const stats = await store.stats?.read();
      expect(stats).toMatchObject({
        byState: { SUCCESS: 300, STARTED: 100 },
        total: 400,
        oldestDoneAt: 5_000,
        estimated: false,
      });
      expect(stats?.bytes).toBeGreaterThan(400 * 100);
      await pagesOf(store);
      expect(await calls(server.url, 'keys')).toBe(0);
      expect(await calls(server.url, 'scan')).toBeGreaterThan(0);
      await store.close();
    });

    test('are estimated from a sample where there is more, other programs’ keys among it', {
      timeout: 60_000,
    }, async () => {
      await using server = await startOrThrow(service);
      const store = open(server.url, 'app');
      // More than twice as much as is looked at.
      const each = isCluster ? 36_000 : 20_000;
      const stored = (prefix: string, state: string, count: number): readonly TaskRecord[] =>
        ids(count, prefix).map((taskId) => recordOf({ taskId, state }));
      await store.put(stored('a', 'SUCCESS', each * 0.75));
      await store.put(stored('b', 'FAILURE', each * 0.25));
      await open(server.url, 'other').put(stored('c', 'SUCCESS', each));
      const before = await calls(server.url, 'scan');
      const { byState = {}, total = 0, estimated } = (await store.stats?.read()) ?? {};
      expect(estimated).toBe(true);
      expect(Math.abs(total / each - 1)).toBeLessThan(0.1);
      expect(Math.abs((byState.SUCCESS ?? 0) / (each * 0.75) - 1)).toBeLessThan(0.1);
      // Some 10,000 keys of each node, 1,000 at a time.
      expect((await calls(server.url, 'scan')) - before).toBeLessThanOrEqual(isCluster ? 36 : 12);
      await store.close();
    });
  });
}
