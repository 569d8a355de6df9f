import { isResultError, PlainDate, ResultNode, type TaskMeta } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { code, openRaw, openStore, record, temporaryFile } from './support.js';

describe('put and get', () => {
  it('reads what was stored through another handle, with every key of meta', async () => {
    const filename = temporaryFile();
    const children = [new ResultNode('child', new ResultNode('parent')), new ResultNode('group', null, [])];
    const meta = {
      children,
      groupId: 'g',
      parentId: 'p',
      name: 'proj.add',
      args: [1, 'zwö', null],
      kwargs: { x: { y: [1.5, true] } },
      worker: 'w@host',
      retries: 2,
      queue: 'celery',
      stampedHeaders: ['monitor'],
      monitor: ['m1'],
      due: new PlainDate('2026-11-22'),
    };
    const stored = record('a', 'SUCCESS', { result: { total: 42 }, traceback: '', meta, expiresAt: 2 ** 42 });
    await openStore({ filename }).put([stored]);
    expect(await openStore({ filename }).get(['a'])).toEqual([stored]);
  });

  it('keeps absent keys absent, nulls null, and values that a column cannot hold', async () => {
    const store = openStore();
    const odd = { retries: 1.5, name: 3, groupId: 7 } as unknown as TaskMeta;
    const nothing = { name: null, worker: null, queue: null, retries: null, args: null, kwargs: null, other: null };
    await store.put([record('nulls', 'SUCCESS', { meta: nothing }), record('odd', 'SUCCESS', { meta: odd })]);
    expect(await store.get(['nulls', 'odd'])).toEqual([
      record('nulls', 'SUCCESS', { meta: nothing }),
      record('odd', 'SUCCESS', { meta: odd }),
    ]);
  });

  it('keeps a key named __proto__ as data', async () => {
    const store = openStore();
    const meta = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}');
    await store.put([record('a', 'SUCCESS', { meta })]);
    const [read] = await store.get(['a']);
    expect(JSON.stringify(read)).toContain('"meta":{"__proto__":{"polluted":true},"constructor":1}');
    expect({}).not.toHaveProperty('polluted');
  });

  it('aligns entries with ids, duplicates and misses included', async () => {
    const store = openStore();
    await store.put([record('a'), record('b')]);
    const read = await store.get(['b', 'missing', 'a', 'b']);
    expect(read.map((outcome) => outcome?.taskId)).toEqual(['b', undefined, 'a', 'b']);
    expect(await store.get([])).toEqual([]);
    expect(await store.put([])).toEqual([]);
    expect(await store.delete([])).toBe(0);
  });

  it('stores, reads and deletes 1,000 records in one call each', async () => {
    const store = openStore();
    const ids = Array.from({ length: 1_000 }, (_, index) => `task-${index}`);
    const outcomes = await store.put(ids.map((id, index) => record(id, 'SUCCESS', { result: index })));
    expect(outcomes).toEqual(ids.map(() => ({ applied: true })));
    expect(
      (await store.get(ids)).map((outcome) => (outcome && 'result' in outcome ? outcome.result : outcome)),
    ).toEqual(ids.map((_, index) => index));
    expect(await store.delete(ids)).toBe(1_000);
  });

  it('compares ids exactly', async () => {
    const store = openStore();
    const ids = [
      'a',
      'A',
      'á',
      'a ',
      ' a',
      'a%',
      'a_',
      'a*',
      "a'b",
      'a"b',
      'a:b',
      'a/b',
      '{a}',
      '😀',
      'a\0b',
      '\0',
      '�',
    ];
    await store.put(ids.map((id) => record(id, 'SUCCESS', { result: id })));
    expect(await store.get(ids)).toEqual(ids.map((id) => record(id, 'SUCCESS', { result: id })));
    expect(await store.delete(['a*', 'a%'])).toBe(2);
    expect((await store.get(ids)).filter((outcome) => outcome === undefined)).toHaveLength(2);
    expect(await store.get(['\ud800'])).toEqual([undefined]);
  });

  it('stores what the record was when put was called', async () => {
    const store = openStore();
    const result = { value: 'before' };
    const stored = store.put([record('a', 'SUCCESS', { result })]);
    result.value = 'after';
    await stored;
    expect(await store.get(['a'])).toMatchObject([{ result: { value: 'before' } }]);
  });

  it('replaces the whole record', async () => {
    const store = openStore();
    const full = { args: [1], name: 'n', children: [], groupId: 'g', parentId: 'p', stamp: 1 };
    await store.put([record('a', 'RETRY', { meta: full, traceback: 'text', expiresAt: 2 ** 42 })]);
    await store.put([record('a', 'STARTED')]);
    expect(await store.get(['a'])).toEqual([record('a', 'STARTED')]);
  });

  it('keeps doneAt to the microsecond, and only where the state is ready', async () => {
    const store = openStore();
    const doneAt = Date.UTC(2026, 10, 22, 17, 3, 59, 460) + 0.545;
    await store.put([
      record('a', 'FAILURE', { doneAt }),
      record('b', 'PROGRESS', { doneAt }),
      record('c', 'REVOKED', { doneAt: null }),
    ]);
    expect(await store.get(['a', 'b', 'c'])).toMatchObject([{ doneAt }, { doneAt: null }, { doneAt: null }]);
  });
});

describe('the rule of states', () => {
  it('keeps SUCCESS whatever comes later, and says so', async () => {
    const store = openStore();
    const success = record('a', 'SUCCESS', { result: 1, expiresAt: 2 ** 42 });
    await store.put([success]);
    for (const state of ['SUCCESS', 'FAILURE', 'STARTED', 'PROGRESS']) {
      expect(await store.put([record('a', state, { result: 2 })])).toEqual([{ applied: false, state: 'SUCCESS' }]);
    }
    expect(await store.get(['a'])).toEqual([success]);
  });

  it('replaces everything else by anything', async () => {
    const store = openStore();
    for (const state of [
      'STARTED',
      'RETRY',
      'STARTED',
      'FAILURE',
      'REVOKED',
      'success',
      'PENDING',
      'FAILURE',
      'SUCCESS',
    ]) {
      expect(await store.put([record('a', state)])).toEqual([{ applied: true }]);
      expect(await store.get(['a'])).toEqual([record('a', state)]);
    }
  });

  it('takes the same id several times in a batch as one put after another', async () => {
    const store = openStore();
    const states = ['STARTED', 'SUCCESS', 'FAILURE', 'SUCCESS'];
    const batch = [
      record('x'),
      ...states.map((state, result) => record('a', state, { result })),
      record('y', 'STARTED'),
    ];
    const kept = { applied: false, state: 'SUCCESS' };
    const applied = { applied: true };
    expect(await store.put(batch)).toEqual([applied, applied, applied, kept, kept, applied]);
    expect(await store.get(['a'])).toMatchObject([{ state: 'SUCCESS', result: 1 }]);
  });

  it('lets exactly one of many concurrent SUCCESS puts on separate handles through', async () => {
    const filename = temporaryFile();
    const stores = Array.from({ length: 8 }, () => openStore({ filename }));
    const puts = await Promise.all(stores.map((store, result) => store.put([record('a', 'SUCCESS', { result })])));
    const winners = puts.flatMap(([outcome], index) =>
      outcome && 'applied' in outcome && outcome.applied ? [index] : [],
    );
    expect(winners).toHaveLength(1);
    expect(await openStore({ filename }).get(['a'])).toMatchObject([{ result: winners[0] }]);
  });

  it('accepts a new history after delete', async () => {
    const store = openStore();
    await store.put([record('a')]);
    expect(await store.delete(['a', 'a', 'missing'])).toBe(1);
    expect(await store.delete(['a'])).toBe(0);
    expect(await store.put([record('a', 'STARTED')])).toEqual([{ applied: true }]);
  });
});

describe('a record that cannot be stored', () => {
  it('is refused alone and named, and leaves its neighbours applied', async () => {
    const store = openStore({ maxBytes: 1_000 });
    const outcomes = await store.put([
      record('good'),
      record('function', 'SUCCESS', { result: () => 1 }),
      record('large', 'SUCCESS', { traceback: 'x'.repeat(1_001) }),
      record('i'.repeat(156)),
      record('state', 's'.repeat(51)),
      record('half \ud800'),
      record('also good'),
    ]);
    const codes = outcomes.map((outcome) => ('refused' in outcome ? outcome.refused.code : outcome));
    const [applied, large] = [{ applied: true }, 'RB_TOO_LARGE'];
    expect(codes).toEqual([applied, 'RB_ENCODE', large, large, large, 'RB_ENCODE', applied]);
    expect(outcomes[1]).toMatchObject({ refused: { taskId: 'function' } });
    expect((await store.stats?.read())?.total).toBe(2);
  });

  it('counts characters of an id as databases do', async () => {
    const id = '😀'.repeat(155);
    expect(await openStore().put([record(id)])).toEqual([{ applied: true }]);
  });

  it('is too large, whatever it is that is', async () => {
    const store = openStore({ maxBytes: 1_000 });
    const text = 'x'.repeat(10_000);
    const outcomes = await store.put([
      record('a', 'SUCCESS', { result: text }),
      record('b', 'SUCCESS', { meta: { args: [text] } }),
      record('c', 'SUCCESS', { meta: { stamp: text } }),
      // Two bytes for each character.
      record('d', 'SUCCESS', { traceback: 'ü'.repeat(501) }),
    ]);
    expect(outcomes).toMatchObject(outcomes.map(() => ({ refused: { code: 'RB_TOO_LARGE' } })));
  });

  it('accepts a record of maxBytes less a little', async () => {
    const store = openStore({ maxBytes: 1_000 });
    expect(await store.put([record('a', 'SUCCESS', { traceback: 'x'.repeat(950) })])).toEqual([{ applied: true }]);
  });
});

describe('a row that cannot be read', () => {
  it.each([
    ['result', Buffer.from([0x80, 4, 0xff])],
    ['result', Buffer.from('not json')],
    ['args', Buffer.from('{')],
    ['status', null],
    ['date_done', 'yesterday'],
    ['rb_meta', '{'],
    ['rb_children', '[1]'],
  ])('with a bad %s concerns its id alone, and can be deleted', async (column, value) => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put([record('bad', 'SUCCESS', { result: 'the payload' }), record('good')]);
    // rb_revision is set as well, so that the row does not count as rewritten by Celery.
    openRaw(filename)
      .prepare(`UPDATE celery_taskmeta SET ${column} = ?, rb_revision = 9 WHERE task_id = 'bad'`)
      .run(value);
    const [bad, good] = await store.get(['bad', 'good']);
    const refused = bad !== undefined && 'refused' in bad ? bad.refused : undefined;
    expect(isResultError(refused)).toBe(true);
    expect(refused).toMatchObject({ code: 'RB_DECODE', taskId: 'bad' });
    expect(refused?.message).not.toContain('the payload');
    expect(good).toEqual(record('good'));
    expect(await store.delete(['bad'])).toBe(1);
  });
});

describe('verbatim', () => {
  it('is written back byte for byte into a store of the same layout, and ignored by another', async () => {
    const [from, to, other] = [temporaryFile(), temporaryFile(), temporaryFile()];
    const source = openStore({ filename: from });
    await source.put([
      record('a', 'SUCCESS', { result: { b: 1 }, meta: { args: [1], groupId: 'g', stamp: 1 }, expiresAt: 2 ** 42 }),
    ]);
    // Bytes that this package would not write itself: JSON with other spacing.
    openRaw(from).exec("UPDATE celery_taskmeta SET args = CAST('[ 1 ]' AS BLOB), rb_revision = 9");
    const [read] = await source.get(['a'], { verbatim: true });
    if (read === undefined || 'refused' in read) throw new Error('expected a record');
    await openStore({ filename: to }).put([{ ...read, expiresAt: 2 ** 43 }]);
    await openStore({ filename: other, layout: 'celery' }).put([read]);
    const row = (filename: string) => openRaw(filename).prepare('SELECT * FROM celery_taskmeta').get();
    const stored = row(from) as object;
    expect(row(to)).toEqual({ ...stored, rb_revision: 1, rb_expires_at: 2 ** 43, rb_updated_at: expect.any(Number) });
    expect((row(other) as { args: Buffer }).args.toString()).not.toBe('[ 1 ]');
  });
});

describe('abort', () => {
  it('rejects before anything is done where the signal is aborted already', async () => {
    const store = openStore();
    const signal = AbortSignal.abort(new Error('mine'));
    const put = store.put([record('a')], { signal });
    await expect(put).rejects.toMatchObject({ code: 'RB_ABORTED', name: 'AbortError', cause: new Error('mine') });
    expect(await code(store.get(['a'], { signal }))).toBe('RB_ABORTED');
    expect(await code(store.delete(['a'], { signal }))).toBe('RB_ABORTED');
    expect(await store.get(['a'])).toEqual([undefined]);
  });

  it('rejects promptly while another process keeps the database locked, and leaves other calls alone', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put([record('a', 'STARTED')]);
    const raw = openRaw(filename);
    raw.exec('BEGIN IMMEDIATE');
    const controller = new AbortController();
    const aborted = store.put([record('a', 'FAILURE')], { signal: controller.signal });
    const other = store.put([record('b')]);
    controller.abort();
    expect(await code(aborted)).toBe('RB_ABORTED');
    raw.exec('COMMIT');
    expect(await other).toEqual([{ applied: true }]);
    expect(await store.get(['a'])).toMatchObject([{ state: 'STARTED' }]);
  });

  it('leaves no listener on a signal that many calls share', async () => {
    const store = openStore();
    const warnings: Error[] = [];
    const warned = (warning: Error): number => warnings.push(warning);
    process.on('warning', warned);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 1_000 }, () => store.get(['a'], { signal })));
    await new Promise(setImmediate);
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });
});

describe('the life of a store', () => {
  it('rejects every operation with RB_CLOSED after close, which is idempotent', async () => {
    const store = openStore();
    await store.put([record('a')]);
    await Promise.all([store.close(), store.close()]);
    const calls = [
      store.put([record('a')]),
      store.get(['a']),
      store.delete(['a']),
      store.stats?.read(),
      store.expiry?.sweep?.(1),
      store.groups?.load('g'),
      store.notify?.subscribe({ record: () => undefined, gap: () => undefined }).add(['a']),
      store.scan?.pages()[Symbol.asyncIterator]().next(),
    ];
    expect(await Promise.all(calls.map((call) => code(call as Promise<unknown>)))).toEqual(
      calls.map(() => 'RB_CLOSED'),
    );
  });

  it('settles what was in flight when it was closed', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put([record('a', 'STARTED')]);
    openRaw(filename).exec('BEGIN IMMEDIATE');
    const put = store.put([record('a')]);
    await store.close();
    expect(await code(put)).toBe('RB_CLOSED');
  });

  it('closes an unused store without opening the file', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename: `${filename}/not/there` });
    await store.close();
  });

  it('leaves a database that was passed in open, and its pragmas as they were', async () => {
    const database = openRaw(temporaryFile());
    database.defaultSafeIntegers(true);
    const store = openStore({ database });
    await store.put([record('a', 'SUCCESS', { meta: { retries: 3 }, expiresAt: 2 ** 42 })]);
    expect(await store.get(['a'])).toMatchObject([{ meta: { retries: 3 }, expiresAt: 2 ** 42 }]);
    await store.close();
    expect(database.open).toBe(true);
    expect(database.pragma('journal_mode', { simple: true })).toBe('delete');
  });

  it('keeps everything in memory where there is no file, and says so', async () => {
    const store = openStore({ filename: ':memory:' });
    await store.put([record('a')]);
    expect(await store.get(['a'])).toEqual([record('a')]);
    expect([store.traits.durable, openStore().traits.durable]).toEqual([false, true]);
  });

  it('does not see the records of other tables in the same file', async () => {
    const filename = temporaryFile();
    const [one, two] = [
      openStore({ filename }),
      openStore({ filename, tables: { task: "my 'tasks'", group: 'my groups' } }),
    ];
    await one.put([record('a')]);
    expect(await two.get(['a'])).toEqual([undefined]);
    await two.put([record('b')]);
    expect(await one.delete(['b'])).toBe(0);
    expect(await two.get(['b'])).toEqual([record('b')]);
  });
});
