import { describe, expect, it } from 'vitest';
import type { GetOutcome } from '../src/contract.js';
import { createResultBackend, memoryStore, type ResultBackend, type ResultStore } from '../src/index.js';
import { settle } from './stores.js';

/** The memory store as Redis is: `expiresAt` only where it is asked for. Also how often it was. */
function apart(): { readonly store: ResultStore; readonly asked: string[] } {
  const inner = memoryStore();
  const asked: string[] = [];
  const without = <T extends GetOutcome>(outcome: T): T =>
    outcome && 'state' in outcome ? { ...outcome, expiresAt: null } : outcome;
  const store: ResultStore = {
    ...inner,
    async get(taskIds, options) {
      const outcomes = await inner.get(taskIds, options);
      if (options?.deadlines === false) return outcomes.map(without);
      asked.push('get');
      return outcomes;
    },
    scan: {
      async *pages(options) {
        if (options?.deadlines !== false) asked.push('scan');
        for await (const page of inner.scan?.pages(options) ?? [])
          yield options?.deadlines === false ? { ...page, records: page.records.map(without) } : page;
      },
    },
    notify: {
      subscribe(handler, options) {
        if (options?.deadlines !== false) asked.push('watch');
        const record: typeof handler.record =
          options?.deadlines === false ? (outcome) => handler.record(without(outcome)) : handler.record;
        return inner.notify?.subscribe({ ...handler, record }, options) as never;
      },
    },
  };
  return { store, asked };
}

const DEADLINE = Date.now() + 3_600_000;
const succeed = (backend: ResultBackend, taskId: string) =>
  backend.succeed(taskId, taskId, { expiresIn: DEADLINE - Date.now() });

describe('who gets no more than values asks for no deadlines', () => {
  it.each<[string, (backend: ResultBackend) => Promise<unknown>, unknown]>([
    ['result', (backend) => backend.result('a', { timeoutMs: 1_000 }), 'a'],
    ['result, read once', (backend) => backend.result('a', { timeoutMs: 0 }), 'a'],
    ['join', (backend) => backend.group('g', ['a', 'b']).join(), ['a', 'b']],
    ['joinSettled', (backend) => backend.group('g', ['a']).joinSettled(), [{ status: 'fulfilled', value: 'a' }]],
    ['get, told so', async (backend) => (await backend.get('a', { deadlines: false })).expiresAt, null],
    ['scan, told so', async (backend) => (await backend.scan({}, { deadlines: false }).next()).value?.expiresAt, null],
    ['getMany, told so', async (backend) => (await backend.getMany(['a'], { deadlines: false }))[0]?.expiresAt, null],
  ])('%s', async (_, read, expected) => {
    const { store, asked } = apart();
    await using backend = createResultBackend(store);
    for (const taskId of ['a', 'b']) await succeed(backend, taskId);
    expect(await read(backend)).toEqual(expected);
    expect(asked).toEqual([]);
  });

  it('also where the result is told', async () => {
    const { store, asked } = apart();
    await using backend = createResultBackend(store);
    const result = backend.result('a');
    await settle();
    await succeed(backend, 'a');
    expect(await result).toBe('a');
    expect(asked).toEqual([]);
  });
});

describe('who gets records has their deadlines', () => {
  const deadline = expect.closeTo(DEADLINE, -3);

  it.each<[string, (backend: ResultBackend) => Promise<unknown>]>([
    ['get', async (backend) => (await backend.get('a')).expiresAt],
    ['getMany', async (backend) => (await backend.getMany(['a']))[0]?.expiresAt],
    ['wait', async (backend) => (await backend.wait('a')).expiresAt],
    ['wait, read once', async (backend) => (await backend.wait('a', { timeoutMs: 0 })).expiresAt],
    ['scan', async (backend) => (await backend.scan().next()).value?.expiresAt],
    ['watch', async (backend) => (await backend.watch('a').next()).value?.expiresAt],
    ['asCompleted', async (backend) => (await backend.group('g', ['a']).asCompleted().next()).value?.expiresAt],
  ])('%s', async (_, read) => {
    await using backend = createResultBackend(apart().store);
    await succeed(backend, 'a');
    expect(await read(backend)).toEqual(deadline);
  });

  it('wait, also where others wait for the value alone', async () => {
    await using backend = createResultBackend(apart().store);
    const [result, record] = [backend.result('a'), backend.wait('a')];
    await settle();
    await succeed(backend, 'a');
    expect(await result).toBe('a');
    expect((await record).expiresAt).toEqual(deadline);
  });
});

it('closing ends who waits for a value, in a group too', async () => {
  const backend = createResultBackend(memoryStore());
  const waits = [backend.result('a'), backend.group('g', ['b']).join()];
  await settle();
  await backend.close();
  for (const each of await Promise.allSettled(waits)) expect(each).toMatchObject({ reason: { code: 'RB_CLOSED' } });
});
