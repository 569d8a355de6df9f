import { createResultBackend } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { openRaw, openStore, temporaryFile } from './support.js';

/** Whether a timer that is due at once fired before the work was done. */
async function letsTimersRun(work: () => Promise<unknown>): Promise<boolean> {
  let fired = false;
  const timer = setTimeout(() => {
    fired = true;
  }, 0);
  await work();
  clearTimeout(timer);
  return fired;
}

describe('the event loop', { timeout: 30_000 }, () => {
  it('turns during a clean-up of many batches', async () => {
    const filename = temporaryFile();
    const results = createResultBackend(openStore({ filename }));
    await results.ping();
    openRaw(filename).exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
      INSERT INTO celery_taskmeta (task_id, status, rb_expires_at) SELECT 'task-' || i, 'SUCCESS', i FROM n`);
    expect(await letsTimersRun(async () => expect(await results.cleanup()).toBe(50_000))).toBe(true);
  });

  it('turns while many results are stored and read one after the other, and keeps their order', async () => {
    const store = openStore();
    const results = createResultBackend(store);
    const states = Array.from({ length: 3_000 }, (_, i) => `STEP-${i}`);
    expect(
      await letsTimersRun(async () => {
        for (const state of states) await results.store('a', state);
      }),
    ).toBe(true);
    // Not awaited one by one: whatever turns in between, the last write is the one that stays.
    await Promise.all(states.map((state) => store.put([{ ...blank, state }])));
    expect((await results.get('a')).state).toBe('STEP-2999');
  });
});

const blank = { taskId: 'a', result: null, traceback: null, doneAt: null, meta: {}, expiresAt: null };
