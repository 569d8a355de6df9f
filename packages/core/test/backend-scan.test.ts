import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { type BackendRecord, createResultBackend, memoryStore, type ResultStore, type ScanPage } from '../src/index.js';
import { collect, errorOf, recordOf, unavailable } from './stores.js';

const idsOf = async (records: AsyncIterable<BackendRecord>): Promise<string[]> =>
  (await collect(records)).map(({ taskId }) => taskId);

/** The store's pages by another generator around them. */
const paging = (
  inner: ResultStore,
  around: (pages: AsyncIterable<ScanPage>) => AsyncIterable<ScanPage>,
): ResultStore => ({ ...inner, scan: { pages: (options) => around(inner.scan?.pages(options) ?? never()) } });
const never = (): never => {
  throw new Error('the memory store scans');
};

async function filled(count = 5): Promise<ResultStore> {
  const store = memoryStore();
  await store.put(
    Array.from({ length: count }, (_, i) =>
      recordOf(`t${i}`, { state: i % 2 ? 'FAILURE' : 'SUCCESS', doneAt: 1_000 * i }),
    ),
  );
  return store;
}

describe('scan', () => {
  it('yields every record once, over pages', async () => {
    await using backend = createResultBackend(await filled());
    expect((await idsOf(backend.scan({}, { pageSize: 2 }))).toSorted()).toEqual(['t0', 't1', 't2', 't3', 't4']);
    expect((await collect(backend.scan()))[0]).toMatchObject({ known: true, ready: true });
  });

  it('yields what fits the filter', async () => {
    await using backend = createResultBackend(await filled());
    expect(await idsOf(backend.scan({ states: ['FAILURE'], since: 2_000 }))).toEqual(['t3']);
  });

  it('goes on behind the last page where one fails for a passing reason', async () => {
    let failures = 2;
    const store = paging(await filled(), async function* (pages) {
      for await (const page of pages) {
        yield page;
        if (failures-- > 0) throw unavailable();
      }
    });
    await using backend = createResultBackend(store, { retry: { baseMs: 1 } });
    expect((await idsOf(backend.scan({}, { pageSize: 2 }))).toSorted()).toEqual(['t0', 't1', 't2', 't3', 't4']);
  });

  it('ends with the first record that cannot be read, or tells of it and goes on', async () => {
    const refused = unavailable();
    const store = paging(await filled(), async function* (pages) {
      for await (const { records, cursor } of pages)
        yield {
          cursor,
          records: records.map((record) =>
            'refused' in record || record.taskId !== 't2' ? record : { taskId: 't2', refused },
          ),
        };
    });
    await using backend = createResultBackend(store);
    expect(await errorOf(collect(backend.scan()))).toBe(refused);
    const onRefused = vi.fn();
    expect((await idsOf(backend.scan({}, { onRefused }))).toSorted()).toEqual(['t0', 't1', 't3', 't4']);
    expect(onRefused).toHaveBeenCalledExactlyOnceWith(refused);
  });

  it('closes the pages of whoever leaves the loop', async () => {
    let closed = false;
    const store = paging(await filled(), async function* (pages) {
      try {
        yield* pages;
      } finally {
        closed = true;
      }
    });
    await using backend = createResultBackend(store);
    for await (const _ of backend.scan({}, { pageSize: 1 })) break;
    await turn();
    expect(closed).toBe(true);
  });

  it('rejects at once when aborted, although the store never answers', async () => {
    const store = paging(await filled(), async function* () {
      yield await new Promise<never>(() => undefined);
    });
    await using backend = createResultBackend(store);
    const controller = new AbortController();
    const scanned = errorOf(collect(backend.scan({}, { signal: controller.signal })));
    await turn();
    controller.abort();
    expect(await scanned).toMatchObject({ code: 'RB_ABORTED' });
  });

  it('says where a store cannot list its records', async () => {
    await using backend = createResultBackend({ ...memoryStore(), scan: undefined });
    expect(await errorOf(collect(backend.scan()))).toMatchObject({ code: 'RB_UNSUPPORTED' });
  });

  it.each([
    [{ states: 'FAILURE' }, {}, 'expected an array as states'],
    [{ since: new Date() }, {}, 'expected Unix milliseconds as since'],
    [[], {}, 'expected an object as filter'],
    [{}, { pageSize: 0 }, 'expected pageSize as an integer from 1 up'],
    [{}, { onRefused: true }, 'expected a function as onRefused'],
  ])('refuses %j with %j', async (filter, options, message) => {
    await using backend = createResultBackend(memoryStore());
    expect(await errorOf(collect(backend.scan(filter as never, options as never)))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining(message),
    });
  });
});
