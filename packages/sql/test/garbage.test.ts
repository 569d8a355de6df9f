import { createResultBackend } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { openRaw, openStore, present, record, temporaryFile } from './support.js';

/** SQLite takes any value in any column: each of these is stored in a row of its own. */
const GARBAGE: readonly (readonly [column: string, value: unknown])[] = [
  ['status', Buffer.from('SUCCESS')],
  ['status', null],
  ['result', Buffer.from([1, 2, 255])],
  ['result', 5],
  ['result', 'no JSON'],
  ['result', Buffer.alloc(0)],
  ['date_done', 'yesterday'],
  ['date_done', '!'],
  ['date_done', 2026],
  ['date_done', Buffer.from('x')],
  ['traceback', Buffer.from('x')],
  ['name', Buffer.from('x')],
  ['worker', Buffer.from('x')],
  ['queue', Buffer.from('x')],
  ['args', Buffer.from('[1')],
  ['args', 3],
  ['kwargs', 1.5],
  ['retries', 'many'],
  ['retries', 1.5],
  ['rb_expires_at', 'soon'],
  ['rb_expires_at', Buffer.from('x')],
  ['rb_group_id', Buffer.from('x')],
  ['rb_parent_id', Buffer.from('x')],
  ['rb_children', '{"a":'],
  ['rb_children', '{"a":1}'],
  ['rb_children', 'null'],
  ['rb_children', '[1]'],
  ['rb_meta', '{x'],
  ['rb_meta', '[1]'],
  ['rb_meta', '"text"'],
  ['rb_meta', 'null'],
  ['rb_meta', Buffer.from('{}')],
];
const ids = GARBAGE.map(([column], i) => `${column}-${i}`);

async function openGarbage() {
  const filename = temporaryFile();
  const store = openStore({ filename });
  const results = createResultBackend(store, { expiresIn: null });
  await Promise.all(['sound', ...ids].map((id) => results.succeed(id, { a: 1 }, { doneAt: 1_000 })));
  const raw = openRaw(filename);
  for (const [i, [column, value]] of GARBAGE.entries())
    raw
      .prepare(`UPDATE celery_taskmeta SET ${column} = ?, rb_revision = rb_revision + 1 WHERE task_id = ?`)
      .run(value, ids[i]);
  return { store, results };
}

describe('a row that no one could have written', () => {
  it('is refused with RB_DECODE and the column or the reason, and the sound ones beside it are read', async () => {
    const { store } = await openGarbage();
    const [sound, ...others] = await store.get(['sound', ...ids]);
    expect(sound).toMatchObject({ result: { a: 1 } });
    for (const [i, outcome] of others.entries())
      expect(outcome, ids[i]).toMatchObject({ taskId: ids[i], refused: { code: 'RB_DECODE', taskId: ids[i] } });
    const messages = others.map((outcome) => (outcome && 'refused' in outcome ? outcome.refused.message : ''));
    expect(messages.filter((message) => /is not a function|Cannot read/.test(message))).toEqual([]);
  });

  it('rejects its own wait alone', async () => {
    const { results } = await openGarbage();
    const settled = await Promise.allSettled(['sound', ...ids].map((id) => results.wait(id, { timeoutMs: 10_000 })));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', ...ids.map(() => 'rejected')]);
    for (const outcome of settled.slice(1)) expect(outcome).toMatchObject({ reason: { code: 'RB_DECODE' } });
  });

  it('does not stop a scan, and counts in the statistics without spoiling them', async () => {
    const { store, results } = await openGarbage();
    let seen = 0;
    for await (const { records } of present(store.scan).pages({ pageSize: 5 })) seen += records.length;
    expect(seen).toBe(ids.length + 1);
    expect(await results.stats()).toMatchObject({ total: ids.length + 1, oldestDoneAt: 1_000 });
  });

  it('leaves the oldest date unknown where what looks like one is none', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put([]);
    openRaw(filename).exec(
      "INSERT INTO celery_taskmeta (task_id, status, date_done) VALUES ('a', 'SUCCESS', '2026-19-39 00:00')",
    );
    expect(await present(store.stats).read()).toMatchObject({ total: 1, oldestDoneAt: null });
  });

  it('can be deleted, and the id used again', async () => {
    const { results } = await openGarbage();
    await results.forget(ids);
    for (const id of ids) await results.succeed(id, 2);
    expect(await Promise.all(ids.map((id) => results.result(id)))).toEqual(ids.map(() => 2));
  });
});

it('an id that is too long is cut in the error: it may be a payload by mistake', async () => {
  const [outcome] = await openStore().put([record(`${'x'.repeat(160)}s3cret`)]);
  const refused = outcome && 'refused' in outcome ? outcome.refused : undefined;
  expect(refused).toMatchObject({ code: 'RB_TOO_LARGE', message: expect.not.stringContaining('s3cret') });
});
