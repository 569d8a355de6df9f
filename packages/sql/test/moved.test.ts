import { renameSync, rmSync } from 'node:fs';
import { createResultBackend } from '@rb/core';
import { describe, expect, it, vi } from 'vitest';
import { code, openRaw, openStore, record, temporaryFile } from './support.js';

const remove = (filename: string): void => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${filename}${suffix}`, { force: true });
};

/** The store asks once per second; here, now. */
const laterOn = (): void => {
  const now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now + 1_001);
};

describe.each(['WAL', 'DELETE'] as const)('a file that was deleted under the store (%s)', (journalMode) => {
  it('is noticed: the call fails, retryable, and the next one makes the file anew', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename, journalMode });
    await store.put([record('old')]);
    remove(filename);
    laterOn();
    await expect(store.put([record('a')])).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('deleted or replaced'),
    });
    vi.restoreAllMocks();
    expect(await store.put([record('a')])).toEqual([{ applied: true }]);
    expect(openRaw(filename).prepare('SELECT task_id FROM celery_taskmeta').pluck().all()).toEqual(['a']);
  });

  it('and replaced by another is left for that one, by calls and by waits', { timeout: 30_000 }, async () => {
    const [filename, other] = [temporaryFile(), temporaryFile()];
    const results = createResultBackend(openStore({ filename, journalMode, pollMs: 5 }), { safetyPollMs: 60_000 });
    await results.progress('a', 1);
    const waiting = results.result('a');
    const replacement = openStore({ filename: other, journalMode });
    await replacement.put([record('a', 'SUCCESS', { result: 'of the other' })]);
    await replacement.close();
    remove(filename);
    renameSync(other, filename);
    expect(await waiting).toBe('of the other');
  });
});

describe('a database without a file of its own', () => {
  it('is never taken for a deleted one', async () => {
    for (const store of [openStore({ filename: ':memory:' }), openStore({ database: openRaw(temporaryFile()) })]) {
      await store.put([record('a')]);
      laterOn();
      expect(await code(store.put([record('b')]))).toBe('no error');
      vi.restoreAllMocks();
    }
  });
});
