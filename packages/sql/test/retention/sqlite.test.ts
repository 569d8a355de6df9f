import { expect, it } from 'vitest';
import { sqliteRetention } from '../../src/sqlite/index.js';
import { openRaw, openStore, record, temporaryFile } from '../support.js';
import { later, POLICY } from './archive.js';
import { retentionContract } from './contract.js';
import { sqliteWorld } from './world.js';

retentionContract('SQLite', sqliteWorld);

for (const archive of [undefined, { table: 'old_results' }, { file: 'jsonl' }]) {
  it(`leaves a row that Celery rewrites between look and removal, archive: ${JSON.stringify(archive)}`, async () => {
    const filename = temporaryFile();
    await openStore({ filename }).put([record('a', 'FAILURE'), record('b', 'FAILURE')]);
    const raw = openRaw(filename);
    const rewrite = raw.prepare("UPDATE celery_taskmeta SET status = 'FAILURE' WHERE task_id = 'a'");
    const where = archive && 'file' in archive ? { file: temporaryFile('archive.jsonl') } : archive;
    // The clock is read after the rows were looked at.
    const now = (): number => rewrite.run() && later();
    const result = await sqliteRetention({ filename, now }).apply(POLICY, { archive: where });
    expect(result).toMatchObject({ removed: { default: 1 }, archived: archive === undefined ? 0 : expect.any(Number) });
    expect(raw.prepare('SELECT task_id FROM celery_taskmeta').pluck().all()).toEqual(['a']);
  });
}
