import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverTest } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { Cluster, Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { startOrThrow } from './servers.js';
import { clientAt, errorOf, listener, RIGHTS, recordOf, storeAt } from './stores.js';

const APPLIED = [{ applied: true }];
const test = await serverTest('redis');
const onTls = await serverTest('redis-tls');
const onCluster = await serverTest('redis-cluster');

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

/** The connections of a name, one line each. */
const connections = async (admin: Redis, name: string): Promise<readonly string[]> =>
  String(await admin.client('LIST'))
    .split('\n')
    .filter((line) => line.includes(` name=${name} `));

describe('where to connect', () => {
  test('is a database of the URL', async ({ server }) => {
    const globalKeyPrefix = `${namespace()}:`;
    const url = server.url.replace(/\/\d*$/, '/7');
    await storeAt({ url, globalKeyPrefix }).put([recordOf()]);
    const key = `${globalKeyPrefix}celery-task-meta-a`;
    expect(await clientAt(server.url).exists(key)).toBe(0);
    const there = clientAt(url);
    expect(await there.unlink(key)).toBe(1);
  });

  it('is a unix socket', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rb-socket-'));
    ended.push(() => rmSync(directory, { recursive: true, force: true }));
    // Servers of tests may run as another user, who has no way into a folder of ours.
    const path = join(tmpdir(), `${namespace()}.sock`);
    ended.push(() => rmSync(path, { force: true }));
    const server = await startOrThrow('redis', { config: { unixsocket: path, unixsocketperm: '777' } });
    ended.push(() => server[Symbol.asyncDispose]());
    expect(await storeAt({ url: `redis+socket://${path}?virtual_host=2` }).put([recordOf()])).toEqual(APPLIED);
    expect(await clientAt(server.url.replace(/\/\d*$/, '/2')).keys('*')).toEqual(['celery-task-meta-a']);
  });
});

describe('TLS', () => {
  onTls('trusts the authority of the URL, and only that', async ({ server }) => {
    const url = new URL(server.url);
    const at = (parameters: string): string => `rediss://${url.host}/0?${parameters}`;
    const globalKeyPrefix = namespace();
    const ca = url.searchParams.get('ssl_ca_certs') ?? server.tls?.ca ?? '';
    const trusting = storeAt({ url: at(`ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs=${ca}`), globalKeyPrefix });
    expect(await trusting.put([recordOf()])).toEqual(APPLIED);
    const strict = storeAt({ url: at('ssl_cert_reqs=required'), globalKeyPrefix });
    const error = await errorOf(strict.get(['a']));
    expect(error).toMatchObject({ code: 'RB_UNAVAILABLE' });
    expect(error.message).toMatch(/certificate|SELF_SIGNED|UNABLE_TO/i);
    const careless = storeAt({ url: at('ssl_cert_reqs=none'), globalKeyPrefix });
    expect(await careless.delete(['a'])).toBe(1);
  });

  onTls('is a failure to connect where the server or the client speaks none', async ({ server }) => {
    const plain = server.url.replace('rediss:', 'redis:').replace(/\?.*$/, '');
    const error = await errorOf(storeAt({ url: plain }).get(['a']));
    expect(error).toMatchObject({ code: 'RB_UNAVAILABLE', message: expect.stringContaining('nothing was sent') });
  });
});

describe('who connects', () => {
  test('is shown under the given name, over two connections at most', async ({ server }) => {
    const clientName = namespace();
    const store = storeAt({ url: server.url, clientName, globalKeyPrefix: clientName });
    await store.put([recordOf()]);
    const admin = clientAt(server.url);
    expect(await connections(admin, clientName)).toHaveLength(1);
    await store.notify?.subscribe(listener()).add(['a']);
    expect(await connections(admin, clientName)).toHaveLength(2);
    await store.close();
    await expect.poll(() => connections(admin, clientName)).toEqual([]);
  });

  it('is whom the credentials say at each connection, so that a token may change under way', async () => {
    await using server = await startOrThrow('redis');
    const admin = clientAt(server.url);
    let password = 'first-token';
    const rotate = async (): Promise<void> => {
      await admin.acl('SETUSER', 'app', 'on', 'resetpass', `>${password}`, ...RIGHTS);
    };
    await rotate();
    const url = server.url.replace('redis://', 'redis://app@');
    const store = storeAt({ url, credentials: () => ({ username: 'app', password }) });
    const heard = listener();
    await store.notify?.subscribe(heard).add(['a']);
    await store.put([recordOf({ state: 'STARTED' })]);
    // Cut while its deadline is being asked for, it would be a gap of its own.
    await expect.poll(() => heard.told).toEqual(['a STARTED']);
    password = 'second-token';
    await rotate();
    await admin.client('KILL', 'USER', 'app');
    await expect.poll(() => store.put([recordOf()]).catch(() => undefined)).toEqual(APPLIED);
    await expect.poll(() => heard.gaps).toBe(1);
    expect(await store.put([recordOf({ state: 'FAILURE', taskId: 'a' })])).toMatchObject([{ applied: false }]);
  });

  test('is nobody, where the store was closed before the credentials came', async ({ server }) => {
    const clientName = namespace();
    let give: (credentials: object) => void = () => {};
    const credentials = (): Promise<object> => new Promise((resolve) => (give = resolve));
    const store = storeAt({ url: server.url, clientName, credentials });
    const call = errorOf(store.get(['a']));
    await store.close();
    give({});
    expect(await call).toMatchObject({ code: 'RB_CLOSED' });
    expect(await connections(clientAt(server.url), clientName)).toEqual([]);
  });

  it('is a Sentinel with a password of its own', async () => {
    const server = await startOrThrow('redis-sentinel');
    ended.push(() => server[Symbol.asyncDispose]());
    for (const { role, url } of server.nodes ?? []) {
      const node = clientAt(url);
      if (role === 'sentinel') {
        await node.call('SENTINEL', 'SET', 'mymaster', 'auth-pass', 'data-secret');
        await node.acl('SETUSER', 'default', 'resetpass', '>sentinel-secret');
      } else {
        await node.config('SET', 'masterauth', 'data-secret');
        await node.config('SET', 'requirepass', 'data-secret');
      }
    }
    const url = server.url.replace('sentinel://', 'sentinel://:data-secret@');
    const error = await errorOf(storeAt({ url }).put([recordOf()]));
    expect(error).toMatchObject({ code: 'RB_DENIED', message: expect.stringContaining('sentinelPassword') });
    expect(await storeAt({ url, sentinelPassword: 'sentinel-secret' }).put([recordOf()])).toEqual(APPLIED);
  }, 30_000);
});

describe('a client of the caller', () => {
  test('stays connected when the store is closed', async ({ server }) => {
    const client = new Redis(server.url, { keyPrefix: '' });
    ended.push(() => client.disconnect());
    const store = storeAt({ client, globalKeyPrefix: namespace() });
    expect(await store.put([recordOf()])).toEqual(APPLIED);
    await store.close();
    expect(await client.ping()).toBe('PONG');
  });

  onCluster('may be a Cluster', async ({ server }) => {
    const { hostname, port } = new URL(server.url);
    const client = new Cluster([{ host: hostname, port: Number(port) }]);
    ended.push(() => client.disconnect());
    const store = storeAt({ client, globalKeyPrefix: namespace() });
    const records = Array.from({ length: 20 }, (_, i) => recordOf({ taskId: `t${i}` }));
    const heard = listener();
    await store.notify?.subscribe(heard).add(records.map(({ taskId }) => taskId));
    expect(await store.put(records)).toEqual(records.map(() => ({ applied: true })));
    await expect.poll(() => heard.told.toSorted()).toEqual(records.map(({ taskId }) => `${taskId} SUCCESS`).toSorted());
    await store.close();
    expect(await client.ping()).toBe('PONG');
  });
});

describe('a server that does not answer', () => {
  it('is waited for by so many calls as maxWaiting says, and further ones are refused at once', async () => {
    await using server = await startOrThrow('redis');
    await server.nodes?.[0]?.pause();
    const store = storeAt({ url: server.url, maxWaiting: 5, connectTimeoutMs: 500 });
    const calls = Array.from({ length: 6 }, () => errorOf(store.get(['a'])));
    const first = await Promise.race(calls.map(async (call, n) => ({ n, error: await call })));
    expect(first).toMatchObject({
      n: 5,
      error: { code: 'RB_UNAVAILABLE', message: expect.stringContaining('5 calls wait') },
    });
    for (const call of calls) expect(await call).toMatchObject({ code: 'RB_UNAVAILABLE' });
  });

  it('is not hammered: attempts to connect become rarer, however many calls there are', async () => {
    let attempts = 0;
    const refusing = createServer((socket: Socket) => {
      attempts += 1;
      socket.destroy();
    });
    ended.push(() => refusing.close());
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    const { port } = refusing.address() as { readonly port: number };
    const store = storeAt({ url: `redis://127.0.0.1:${port}/0` });
    const end = performance.now() + 1_000;
    const caller = async (): Promise<void> => {
      while (performance.now() < end) await errorOf(store.get(['a']));
    };
    await Promise.all(Array.from({ length: 100 }, caller));
    // 50, 100, 200, 400 ms ..., each shortened by up to a half: nine at the most, and one of the first second's end.
    expect(attempts).toBeGreaterThan(2);
    expect(attempts).toBeLessThanOrEqual(10);
  });
});
