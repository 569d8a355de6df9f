import { rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import type { ResultError } from '@rb/core';
import type { Server } from '@rb/servers/service';
import { afterEach, describe, expect, it } from 'vitest';
import { startOrThrow } from './servers.js';
import { clientAt, errorOf, recordOf, storeAt } from './stores.js';

const SECRET = 'geheim-und-lang';
const stopped: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stopped.splice(0)) await stop();
});

async function serverWith(config: Readonly<Record<string, string>>): Promise<Server> {
  const server = await startOrThrow('redis', { config });
  stopped.push(() => server[Symbol.asyncDispose]());
  return server;
}
const withPassword = (url: string, user: string, password: string): string =>
  url.replace('redis://', `redis://${user}:${password}@`);

describe('a server that refuses the client', () => {
  it.each([
    ['without a password', (url: string) => url, /wants a password/],
    ['with a wrong password', (url: string) => withPassword(url, '', 'wrong'), /was refused/],
    ['with an unknown user', (url: string) => withPassword(url, 'nobody', SECRET), /was refused/],
  ])('is RB_DENIED %s', async (_how, urlOf, says) => {
    const { url } = await serverWith({ requirepass: SECRET });
    const error = await errorOf(storeAt({ url: urlOf(url) }).put([recordOf()]));
    expect(error).toMatchObject({ code: 'RB_DENIED', retryable: false });
    expect(error.message).toMatch(says);
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain(SECRET);
  });

  it('is RB_DENIED where its user may not use the key or the command', async () => {
    const server = await serverWith({});
    const admin = clientAt(server.url);
    await admin.acl('SETUSER', 'app', 'on', `>${SECRET}`, '~app:*', '&*', '+@all', '-unlink');
    const url = withPassword(server.url, 'app', SECRET);
    expect(await errorOf(storeAt({ url }).put([recordOf()]))).toMatchObject({ code: 'RB_DENIED' });
    const store = storeAt({ url, globalKeyPrefix: 'app:' });
    expect(await store.put([recordOf()])).toEqual([{ applied: true }]);
    expect(await errorOf(store.delete(['a']))).toMatchObject({ code: 'RB_DENIED', retryable: false });
  });

  it('is entered with what credentials() gives at that moment', async () => {
    const server = await serverWith({ requirepass: SECRET });
    const tokens = ['old', SECRET];
    const store = storeAt({ url: server.url, credentials: async () => ({ password: tokens.shift() }) });
    expect(await errorOf(store.put([recordOf()]))).toMatchObject({ code: 'RB_DENIED' });
    expect(await store.put([recordOf()])).toEqual([{ applied: true }]);
  });
});

describe('a server that cannot serve right now', () => {
  it('is RB_UNAVAILABLE when it is over its memory', async () => {
    const { url } = await serverWith({ 'maxmemory-policy': 'noeviction' });
    const store = storeAt({ url });
    await clientAt(url).config('SET', 'maxmemory', '1');
    const error = await errorOf(store.put([recordOf()]));
    expect(error).toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
    expect(error.message).toMatch(/maxmemory/);
  });

  it('is RB_UNAVAILABLE when it is a replica', async () => {
    const master = await serverWith({});
    const { url } = await serverWith({ replicaof: `127.0.0.1 ${new URL(master.url).port}` });
    expect(await errorOf(storeAt({ url }).put([recordOf()]))).toMatchObject({
      code: 'RB_UNAVAILABLE',
      retryable: true,
    });
  });

  it('is RB_UNAVAILABLE when it cannot save to disk', async () => {
    const { url } = await serverWith({ appendonly: 'no', save: '3600 1', 'stop-writes-on-bgsave-error': 'yes' });
    const admin = clientAt(url);
    const [, directory] = (await admin.config('GET', 'dir')) as [string, string];
    rmSync(directory, { recursive: true });
    await admin.bgsave();
    await expect.poll(() => admin.info('persistence')).toContain('rdb_last_bgsave_status:err');
    expect(await errorOf(storeAt({ url }).put([recordOf()]))).toMatchObject({
      code: 'RB_UNAVAILABLE',
      retryable: true,
    });
  });

  it('is waited for while it loads its data', async () => {
    const config = {
      'enable-debug-command': 'yes',
      'key-load-delay': '2000',
      'loading-process-events-interval-bytes': '1024',
    };
    const { url } = await serverWith(config);
    const admin = clientAt(url);
    await admin.mset(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 'x'])));
    const store = storeAt({ url });
    await store.put([recordOf()]);
    // Half a second for 500 keys; who asks meanwhile is told LOADING.
    const reload = admin.debug('RELOAD');
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => store.get(['a']).catch((error: ResultError) => error)),
    );
    for (const outcome of outcomes) expect(outcome).toSatisfy(isRecordOrUnavailable);
    await reload;
    expect(await store.get(['a'])).toMatchObject([{ state: 'SUCCESS' }]);
  });

  it('is RB_UNAVAILABLE where nobody listens, and works when somebody does', async () => {
    const server = await serverWith({});
    await server.nodes?.[0]?.kill();
    const store = storeAt({ url: server.url });
    const error = await errorOf(store.put([recordOf()]));
    expect(error).toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
    expect(error.message).toMatch(/ECONNREFUSED.*nothing was sent/);
    await server.nodes?.[0]?.restart();
    await expect.poll(() => store.put([recordOf()]).catch(() => undefined)).toEqual([{ applied: true }]);
  });
});

it('something else than Redis is RB_UNAVAILABLE, and its first word is told', async ({ onTestFinished }) => {
  const web = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  onTestFinished(() => void web.close());
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const { port } = web.address() as AddressInfo;
  const error = await errorOf(storeAt({ url: `redis://127.0.0.1:${port}` }).get(['a']));
  expect(error).toMatchObject({ code: 'RB_UNAVAILABLE', message: expect.stringContaining('Unknown RESP type 72 "H"') });
});

const isRecordOrUnavailable = (outcome: unknown): boolean =>
  Array.isArray(outcome) ? outcome[0]?.state === 'SUCCESS' : (outcome as ResultError).code === 'RB_UNAVAILABLE';

describe('a connection that dies in flight', () => {
  it('leaves a write RB_OUTCOME_UNKNOWN and a read RB_UNAVAILABLE', async () => {
    const server = await serverWith({});
    const [node] = server.nodes ?? [];
    const store = storeAt({ url: server.url });
    await store.put([recordOf()]);
    await node?.pause();
    const write = errorOf(store.put([recordOf({ taskId: 'b' })]));
    const read = errorOf(store.get(['a']));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await node?.kill();
    expect(await write).toMatchObject({ code: 'RB_OUTCOME_UNKNOWN', retryable: true });
    expect(await read).toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
  });
});

describe('a key that holds something else', () => {
  it('concerns its own record alone', async () => {
    const { url } = await serverWith({});
    await clientAt(url).lpush('celery-task-meta-list', 'x');
    const store = storeAt({ url });
    const [good, bad] = await store.put([recordOf(), recordOf({ taskId: 'list' })]);
    expect(good).toEqual({ applied: true });
    expect(bad).toMatchObject({ refused: { code: 'RB_STORE', taskId: 'list' } });
    const [read, refused] = await store.get(['a', 'list']);
    expect(read).toMatchObject({ state: 'SUCCESS' });
    expect(refused).toMatchObject({ taskId: 'list', refused: { code: 'RB_DECODE' } });
    // MGET alone could not tell it from a key that is not there.
    expect(await store.get(['none', 'list', 'a', 'none'], { deadlines: false })).toEqual([
      undefined,
      refused,
      read,
      undefined,
    ]);
    expect(await store.delete(['list'])).toBe(1);
  });

  it('is refused when larger than the store takes, and the store goes on', async () => {
    const { url } = await serverWith({});
    const store = storeAt({ url, maxBytes: 1_000 });
    const outcomes = await store.put([recordOf({ result: 'x'.repeat(2_000) }), recordOf({ taskId: 'b' })]);
    expect(outcomes).toMatchObject([{ refused: { code: 'RB_TOO_LARGE', taskId: 'a' } }, { applied: true }]);
  });
});

describe('a server that takes less than the store', () => {
  it('is RB_TOO_LARGE where its reply arrives before it hangs up, and the store goes on', async () => {
    const { url } = await serverWith({ 'proto-max-bulk-len': '1mb' });
    const store = storeAt({ url });
    const error = await errorOf(store.put([recordOf({ result: 'x'.repeat(2 ** 21) })]));
    // It hangs up on what it has not read, which may overtake its reply.
    expect(['RB_TOO_LARGE', 'RB_OUTCOME_UNKNOWN']).toContain(error.code);
    expect(error.message).not.toContain('xxx');
    await expect.poll(() => store.put([recordOf()]).catch(() => undefined)).toEqual([{ applied: true }]);
  });
});

describe('a Cluster that lost its slots', () => {
  it('is RB_UNAVAILABLE until it has them again', async () => {
    await using server = await startOrThrow('redis-cluster');
    const store = storeAt({ url: server.url, cluster: true });
    const admin = clientAt(server.url);
    const slot = await admin.cluster('KEYSLOT', 'celery-task-meta-a');
    const range = (await admin.cluster('SLOTS')).find(([from, to]) => from <= slot && slot <= to);
    const owner = clientAt(`redis://127.0.0.1:${range?.[2]?.[1]}/0`);
    await owner.cluster('DELSLOTS', slot);
    const error = await errorOf(store.put([recordOf()]));
    expect(error).toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
    await owner.cluster('ADDSLOTS', slot);
    await expect.poll(() => store.put([recordOf()]).catch(() => undefined)).toEqual([{ applied: true }]);
  }, 30_000);
});

describe('a node of a Cluster', () => {
  it('says to pass the option', async () => {
    await using found = await startOrThrow('redis-cluster');
    const ids = Array.from({ length: 20 }, (_, i) => recordOf({ taskId: `t${i}` }));
    const outcomes = await storeAt({ url: found.url }).put(ids);
    expect(outcomes.filter((outcome) => 'refused' in outcome)[0]).toMatchObject({
      refused: { code: 'RB_UNSUPPORTED', message: expect.stringContaining('option cluster') },
    });
    const { hostname, port } = new URL(found.url);
    const store = storeAt({ cluster: [{ host: hostname, port: Number(port) }] });
    const others = ids.map((each) => ({ ...each, taskId: `${each.taskId}-again` }));
    expect(await store.put(others)).toEqual(others.map(() => ({ applied: true })));
  }, 30_000);
});
