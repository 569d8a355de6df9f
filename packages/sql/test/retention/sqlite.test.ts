import { expect, it } from 'vitest';
import { CELERY } from '../../src/celery-layout.js';
import { rulesOf } from '../../src/retention/policy.js';
import { dueStatement } from '../../src/retention/statements.js';
import { sqliteRetention } from '../../src/sqlite/index.js';
import { sqliteRetentionDialect } from '../../src/sqlite/retention-statements.js';
import { plainTables } from '../../src/sqlite/tables.js';
import { datesIn } from '../../src/zones.js';
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

it('looks for ready records by the index on dates alone, page after page', async () => {
  const filename = temporaryFile();
  await openStore({ filename }).get([]);
  const rules = rulesOf({ tiers: [{ states: ['FAILURE'], name: 'a*', keep: '90d' }], default: '1d' });
  const dialect = sqliteRetentionDialect(plainTables(CELERY), true);
  for (const after of [undefined, { key: '2026-01-01 00:00:00.000000', id: 7 }]) {
    const asked = { walk: 'done', rules, now: later(), dates: datesIn() } as const;
    const { sql, params } = dueStatement(dialect, asked, { after, limit: 1_000, whole: true });
    const steps = openRaw(filename)
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...params);
    expect(steps).toMatchObject([{ detail: expect.stringContaining('USING INDEX ix_celery_taskmeta_date_done') }]);
  }
});

it('leaves a record that was not read whole where a file is asked for, and does not restore it so', async () => {
  const filename = temporaryFile();
  await openStore({ filename }).put([record('a'), record('b')]);
  // As PostgreSQL's store reads what is too large for its driver.
  openRaw(filename).exec("UPDATE celery_taskmeta SET result = x'' WHERE task_id = 'a'");
  const retention = sqliteRetention({ filename, now: later });
  const result = await retention.apply(POLICY, { archive: { file: temporaryFile('archive.jsonl') } });
  expect(result).toMatchObject({ removed: { default: 1 }, archived: 1 });
  const archive = { table: 'old_results' };
  expect(await retention.apply(POLICY, { archive })).toMatchObject({ removed: { default: 1 }, archived: 1 });
  expect(await retention.restore(archive)).toMatchObject({ restored: 0, failed: 1 });
});
