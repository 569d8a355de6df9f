import { createResultBackend, type ResultBackend } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { afterEach, describe, expect } from 'vitest';
import type { RedisStoreOptions } from '../src/index.js';
import { clientAt, storeAt } from './stores.js';

const test = await serverTest('redis');

const MANY = 10_000;
const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `t${i}`);

let backends: ResultBackend[] = [];
afterEach(async () => {
  await Promise.all(backends.map((each) => each.close()));
  backends = [];
});
function backendAt(options: RedisStoreOptions): ResultBackend {
  const backend = createResultBackend(storeAt(options), { expiresIn: '5m' });
  backends.push(backend);
  return backend;
}

describe('much at once', () => {
  test('10,000 waiters take two connections, and each gets its own result', async ({ server }) => {
    const clientName = namespace();
    const [waiter, writer] = [clientName, `${clientName}-writer`].map((name) =>
      backendAt({ url: server.url, globalKeyPrefix: clientName, clientName: name }),
    ) as [ResultBackend, ResultBackend];
    const waits = ids(MANY).map((taskId) => waiter.result(taskId, { timeoutMs: 20_000 }));
    await expect
      .poll(() => clientAt(server.url).pubsub('NUMSUB', `${clientName}_celery-task-meta-t${MANY - 1}`))
      .toContain(1);
    await Promise.all(ids(MANY).map((taskId, i) => writer.succeed(taskId, i)));
    expect(await Promise.all(waits)).toEqual(ids(MANY).map((_, i) => i));
    const clients = String(await clientAt(server.url).client('LIST')).split('\n');
    expect(clients.filter((line) => line.includes(` name=${clientName} `))).toHaveLength(2);
  }, 30_000);

  test('10,000 concurrent stores and gets are all answered', async ({ server }) => {
    const backend = backendAt({ url: server.url, globalKeyPrefix: namespace() });
    await Promise.all(ids(MANY).map((taskId, i) => backend.succeed(taskId, { i })));
    const found = await Promise.all(ids(MANY).map((taskId) => backend.get(taskId)));
    expect(found.map(({ result }) => result)).toEqual(ids(MANY).map((_, i) => ({ i })));
    await backend.forget(ids(MANY));
    expect((await backend.get(`t${MANY - 1}`)).state).toBe('PENDING');
  }, 30_000);

  test('a result of 20 MB arrives whole, read and pushed', async ({ server }) => {
    const globalKeyPrefix = namespace();
    const [reader, writer] = [0, 1].map(() => backendAt({ url: server.url, globalKeyPrefix })) as [
      ResultBackend,
      ResultBackend,
    ];
    const result = 'é'.repeat(10 * 2 ** 20);
    const pushed = reader.result('big', { timeoutMs: 20_000 });
    await writer.succeed('big', result);
    expect((await pushed) === result).toBe(true);
    expect((await reader.get('big')).result === result).toBe(true);
  }, 30_000);
});

describe('garbage under a key of ours', () => {
  test.for<readonly [string, string | Buffer]>([
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
    ['half a document', '{"status": "STARTED", "result": '],
    ['another document', '[1, 2, 3]'],
    ['nothing', ''],
  ])('is refused with its id, and replaced by the next put: %s', async ([, garbage], { server }) => {
    const globalKeyPrefix = namespace();
    const store = storeAt({ url: server.url, globalKeyPrefix });
    await clientAt(server.url).set(`${globalKeyPrefix}_celery-task-meta-bad`, garbage);
    expect(await store.get(['bad', 'none'])).toMatchObject([
      { taskId: 'bad', refused: { code: 'RB_DECODE' } },
      undefined,
    ]);
    const backend = backendAt({ url: server.url, globalKeyPrefix });
    await backend.succeed('bad', 'good');
    expect(await backend.result('bad')).toBe('good');
  });
});
