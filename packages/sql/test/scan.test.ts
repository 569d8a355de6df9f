import type { ScanOptions } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { code, openRaw, openStore, present, record, temporaryFile } from './support.js';

async function idsOf(store: ReturnType<typeof openStore>, options?: ScanOptions): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of present(store.scan).pages(options)) ids.push(...page.records.map(({ taskId }) => taskId));
  return ids;
}

describe('scanning', () => {
  it('yields every record once, in pages of the size asked for', async () => {
    const store = openStore();
    const ids = Array.from({ length: 25 }, (_, index) => `task-${index}`);
    await store.put(ids.map((id) => record(id)));
    const sizes: number[] = [];
    for await (const page of present(store.scan).pages({ pageSize: 10 })) sizes.push(page.records.length);
    expect(sizes).toEqual([10, 10, 5]);
    expect(await idsOf(store, { pageSize: 10 })).toEqual(ids);
    expect(await idsOf(openStore())).toEqual([]);
  });

  it('continues after a cursor through another handle', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put(['a', 'b', 'c'].map((id) => record(id)));
    const first = await present(store.scan).pages({ pageSize: 2 })[Symbol.asyncIterator]().next();
    expect(await idsOf(openStore({ filename }), { after: first.value?.cursor })).toEqual(['c']);
    expect(await idsOf(store, { after: 'nonsense' }).catch((error: unknown) => error)).toBeInstanceOf(TypeError);
  });

  it('yields a record that is rewritten while the scan pauses exactly once, and lets writers on', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put(['a', 'b', 'c', 'd'].map((id) => record(id, 'STARTED')));
    const seen: string[] = [];
    for await (const page of present(store.scan).pages({ pageSize: 2 })) {
      seen.push(...page.records.map(({ taskId }) => taskId));
      await openStore({ filename }).put(['a', 'd', 'e'].map((id) => record(id, 'RETRY')));
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('filters by state, name, worker, queue and time', async () => {
    const store = openStore();
    const at = Date.UTC(2026, 0, 1);
    await store.put([
      record('a', 'SUCCESS', { doneAt: at, meta: { name: 'add', worker: 'w1', queue: 'q1' } }),
      record('b', 'FAILURE', { doneAt: at + 1.5, meta: { name: 'add', worker: 'w2', queue: 'q1' } }),
      record('c', 'STARTED', { meta: { name: 'mul', worker: 'w1', queue: 'q2' } }),
      record('d', 'REVOKED', { doneAt: at + 2 }),
    ]);
    const filtered = (filter: ScanOptions['filter']) => idsOf(store, { filter });
    expect(await filtered({ states: ['SUCCESS', 'STARTED'] })).toEqual(['a', 'c']);
    expect(await filtered({ states: [] })).toEqual([]);
    expect(await filtered({ name: 'add' })).toEqual(['a', 'b']);
    expect(await filtered({ worker: 'w1', queue: 'q2' })).toEqual(['c']);
    expect(await filtered({ since: at + 1.5 })).toEqual(['b', 'd']);
    expect(await filtered({ until: at + 1.5 })).toEqual(['a']);
    const all = ['a', 'b', 'd'];
    expect(await filtered({ since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY })).toEqual(all);
    expect(await filtered({ since: at, until: at + 2, states: ['FAILURE', 'STARTED'] })).toEqual(['b']);
  });

  it('never takes the date of an unready row, which Celery leaves there, for a time when it was done', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.get([]);
    openRaw(filename).exec(
      "INSERT INTO celery_taskmeta (task_id, status, date_done) VALUES ('a', 'STARTED', '2026-11-22 16:32:35.812488')",
    );
    expect(await idsOf(store, { filter: { since: 0 } })).toEqual([]);
    expect(await idsOf(store)).toEqual(['a']);
    expect((await present(store.stats).read()).oldestDoneAt).toBeNull();
  });

  it('gives a row that cannot be read as refused, and the stored form where it is asked for', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put([record('bad', 'SUCCESS', { result: 1 }), record('good')]);
    openRaw(filename).exec("UPDATE celery_taskmeta SET result = x'80' WHERE task_id = 'bad'");
    const page = await present(store.scan).pages({ verbatim: true })[Symbol.asyncIterator]().next();
    expect(page.value?.records).toMatchObject([{ taskId: 'bad', refused: { code: 'RB_DECODE' } }, { taskId: 'good' }]);
    expect(page.value?.records[1]).toMatchObject({ verbatim: { layout: 'celery-sql+rb/json' } });
  });

  it('rejects in the middle where the signal is aborted', async () => {
    const store = openStore();
    await store.put(['a', 'b'].map((id) => record(id)));
    const controller = new AbortController();
    const pages = present(store.scan).pages({ pageSize: 1, signal: controller.signal })[Symbol.asyncIterator]();
    await pages.next();
    controller.abort();
    expect(await code(pages.next())).toBe('RB_ABORTED');
  });
});
