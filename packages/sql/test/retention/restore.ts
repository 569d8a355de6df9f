import { readFileSync, writeFileSync } from 'node:fs';
import { RemoteError } from '@rb/core';
import { expect, it } from 'vitest';
import { record, temporaryFile } from '../support.js';
import { DONE_AT, later, POLICY, RECORDS, recordsOf } from './archive.js';
import { idsIn } from './tiers.js';
import type { OpenWorld } from './world.js';

export function restoreContract(open: OpenWorld): void {
  it('leaves what is stored, unless it has expired, or failed before the archived record was done', async () => {
    const world = await open();
    const ids = ['succeeded', 'started', 'failed-later', 'failed-before', 'expired', 'gone'];
    const store = world.store({ now: later });
    await store.put(ids.map((id) => record(id, 'SUCCESS', { result: 'archived', doneAt: DONE_AT })));
    const archive = { table: 'old_results' };
    const retention = world.retention({ now: later });
    await retention.apply(POLICY, { archive });
    const failed = { result: new RemoteError('stored', 'm', []) };
    await store.put([
      record('succeeded', 'SUCCESS', { result: 'stored', doneAt: DONE_AT - 5_000 }),
      record('started', 'STARTED', { result: 'stored' }),
      record('failed-later', 'FAILURE', { ...failed, doneAt: DONE_AT + 5_000 }),
      record('failed-before', 'FAILURE', { ...failed, doneAt: DONE_AT - 5_000 }),
      record('expired', 'SUCCESS', { result: 'stored', expiresAt: later() - 1 }),
    ]);
    expect(await retention.restore(archive)).toMatchObject({ restored: 3, skipped: 3, failed: 0 });
    const found = await store.get(ids);
    const results = found.map((outcome) => (outcome && 'result' in outcome ? outcome.result : outcome));
    expect(results).toMatchObject(['stored', 'stored', { type: 'stored' }, 'archived', 'archived', 'archived']);
  });

  it('leaves out a deadline that has passed, and keeps one that has not', async () => {
    const world = await open();
    const archive = { table: 'old_results' };
    await world
      .store()
      .put([
        record('past', 'SUCCESS', { expiresAt: later() - 1 }),
        record('ahead', 'SUCCESS', { expiresAt: later() + 1 }),
      ]);
    const retention = world.retention({ now: later });
    expect(await retention.apply(POLICY, { archive })).toMatchObject({ removed: { expired: 1, default: 1 } });
    await retention.restore(archive);
    const found = await world.store({ now: later }).get(['past', 'ahead']);
    expect(found).toMatchObject([{ expiresAt: null }, { expiresAt: later() + 1 }]);
  });

  it('goes on behind lines that are no records, and names them', async () => {
    const world = await open();
    const file = temporaryFile('archive.jsonl');
    await world.store().put([record('a'), record('b')]);
    const retention = world.retention({ now: later });
    await retention.apply(POLICY, { archive: { file } });
    const [a = '', b = ''] = readFileSync(file, 'utf8').split('\n');
    const bad = [
      'no JSON',
      '[]',
      '{"version":2}',
      a.replace('"task_id":"a"', '"task_id":7'),
      '{"version":1,"document":{"task_id":"c"}}',
      '{"version":1,"document":{"task_id":"c","status":"SUCCESS"},"expires_at":"soon"}',
      `{"version":1,"document":{"task_id":"${'x'.repeat(156)}","status":"SUCCESS"}}`,
      '\ud800',
    ];
    writeFileSync(file, [a, '', ...bad, b].join('\n'));
    const result = await retention.restore({ file });
    expect(result).toMatchObject({ restored: 2, failed: bad.length });
    expect(result.failures.map(({ line }) => line)).toEqual(bad.map((_, i) => i + 3));
    expect(JSON.stringify(result.failures)).not.toContain('no JSON');
    expect(await idsIn(world)).toEqual(['a', 'b']);
  });

  it('restores everything before the place where a compressed file is cut off', async () => {
    const world = await open();
    const file = temporaryFile('archive.jsonl.gz');
    await world.store().put(RECORDS);
    const retention = world.retention({ now: later });
    await retention.apply(POLICY, { archive: { file }, batchSize: RECORDS.length - 1, pauseMs: 0 });
    writeFileSync(file, readFileSync(file).subarray(0, -10));
    expect(await retention.restore({ file })).toMatchObject({ failed: 1 });
    expect((await idsIn(world)).length).toBeGreaterThanOrEqual(RECORDS.length - 1);
  });

  it('restores only what the filter says', async () => {
    const world = await open();
    const archive = { table: 'old_results' };
    await world.store().put(RECORDS);
    const retention = world.retention({ now: later });
    await retention.apply(POLICY, { archive });
    expect(await retention.restore(archive, { where: { states: ['FAILURE', 'REVOKED'] } })).toMatchObject({
      restored: 2,
    });
    expect(await retention.restore(archive, { where: { name: 'proj.add' } })).toMatchObject({ restored: 1 });
    expect(await retention.restore(archive, { where: { since: DONE_AT + 1 } })).toMatchObject({ restored: 0 });
    expect(await idsIn(world)).toEqual(['described', 'failed', 'revoked']);
    await retention.restore(archive);
    expect(await recordsOf(world)).toEqual(RECORDS);
  });
}
