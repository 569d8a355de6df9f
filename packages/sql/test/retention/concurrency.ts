import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { RemoteError } from '@rb/core';
import { expect, it } from 'vitest';
import { eventually, present, record, temporaryFile } from '../support.js';
import { DONE_AT, later, POLICY } from './archive.js';
import { idsIn } from './tiers.js';
import type { OpenWorld } from './world.js';

const failed = (taskId: string) =>
  record(taskId, 'FAILURE', { result: new RemoteError('E', 'm', []), doneAt: DONE_AT });

/** Dated when it is written: younger than any cut-off here. */
const fresh = (taskId: string) => record(taskId, 'SUCCESS', { result: 'fresh', doneAt: later() + 3_600_000 });

export function concurrencyContract(open: OpenWorld): void {
  it('never removes a record that is written while it runs', async () => {
    const world = await open();
    const store = world.store();
    // In the order in which they are removed, too.
    const ids = Array.from({ length: 2_000 }, (_, i) => `task-${String(i).padStart(4, '0')}`);
    await store.put(ids.map(failed));
    const rewritten = new Set<string>();
    let batch = 0;
    const applying = world.retention({ now: later }).apply(POLICY, {
      ...{ archive: { file: temporaryFile('archive.jsonl') }, batchSize: 50, pauseMs: 0 },
      onProgress: () => {
        batch += 1;
      },
    });
    const running = applying.then(
      () => false,
      () => false,
    );
    for (let i = 0; await Promise.race([running, true]); i += 1) {
      // Of the batch that is looked at now, and archived, and removed; and a new one.
      const id = i % 9 === 8 ? `new-${i}` : (ids[batch * 50 + ((i * 7) % 50)] ?? `new-${i}`);
      rewritten.add(id);
      await store.put([fresh(id)]);
    }
    await applying;
    expect(rewritten.size).toBeGreaterThan(0);
    const found = await store.get([...rewritten]);
    expect(found.filter((outcome) => outcome === undefined)).toEqual([]);
    expect((await idsIn(world)).sort()).toEqual([...rewritten].sort());
  });

  for (const archive of ['table', 'file'] as const) {
    it(`loses no record to a process that is killed while it archives in a ${archive}`, async () => {
      const world = await open();
      const store = world.store();
      const ids = Array.from({ length: 3_000 }, (_, i) => `task-${i}`);
      await store.put(ids.map(failed));
      const where = archive === 'table' ? { table: 'old_results' } : { file: temporaryFile('archive.jsonl') };
      const { entry, options } = world.target;
      const child = fork(fileURLToPath(new URL('applier.mjs', import.meta.url)), [
        JSON.stringify({ entry, options, policy: POLICY, archive: where, now: later() }),
      ]);
      await eventually(async () => expect((await idsIn(world)).length).toBeLessThan(ids.length - 200));
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect((await idsIn(world)).length).toBeGreaterThan(0);
      const retention = world.retention({ now: later });
      await retention.apply(POLICY, { archive: where, pauseMs: 0 });
      expect(await idsIn(world)).toEqual([]);
      expect(await retention.restore(where)).toMatchObject({ restored: ids.length });
      const restored = await store.get(ids);
      expect(restored).toEqual(ids.map(failed));
    });
  }

  it('leaves no record expired that a sweep would find', async () => {
    const world = await open();
    const store = world.store({ now: later });
    await store.put(Array.from({ length: 30 }, (_, i) => ({ ...failed(`${i}`), expiresAt: DONE_AT + i })));
    const retention = world.retention({ now: later });
    const sweep = present(store.expiry?.sweep);
    await Promise.all([retention.apply({}, { batchSize: 7, pauseMs: 0 }), sweep(10), sweep(10)]);
    expect(await idsIn(world)).toEqual([]);
  });
}
