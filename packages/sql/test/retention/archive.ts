import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Decimal, PythonSet, RemoteError, ResultNode, type TaskRecord, Tuple } from '@rb/core';
import { CELERY_VERSIONS, columnOf, vectors } from '@rb/vectors';
import { expect, it } from 'vitest';
import { code, record, temporaryFile } from '../support.js';
import { TASK_COLUMNS } from '../task-columns.js';
import { idsIn } from './tiers.js';
import type { OpenWorld, World } from './world.js';

const VECTORS = { sqlite: 'sqlite', postgres: 'postgresql', mysql: 'mysql' } as const;

export const DONE_AT: number = Date.UTC(2026, 10, 22, 17, 3, 59, 460);
export const later = (): number => DONE_AT + 60_000;
export const POLICY = { default: '1s' } as const;

const VALUES: readonly unknown[] = [
  null,
  { total: 42, text: 'Grüße ✓ 😀 \u2028' },
  2n ** 70n,
  1.5,
  Number.NaN,
  new Date(DONE_AT),
  new Decimal('9.990'),
  new Uint8Array([0, 255, 128]),
  new Tuple([1, new Tuple(['a', [null]])]),
  new PythonSet([1, 'x']),
  new Map<unknown, unknown>([
    [1, 'one'],
    [new Tuple([2]), 'two'],
  ]),
];

export const RECORDS: readonly TaskRecord[] = [
  ...VALUES.map((result, i) => record(`value-${i}`, 'SUCCESS', { result, doneAt: DONE_AT + 0.001 })),
  record('failed', 'FAILURE', {
    result: new RemoteError('ValueError', 'builtins', ['bad', 2n ** 64n]),
    traceback: 'Traceback ...',
  }),
  record('revoked', 'REVOKED', { expiresAt: DONE_AT + 3_600_000 }),
  record('described', 'SUCCESS', {
    meta: {
      ...{ name: 'proj.add', args: [1, 'x'], kwargs: { deep: [null] }, worker: 'w@host', retries: 2, queue: 'celery' },
      ...{ groupId: 'g', parentId: 'p', children: [new ResultNode('child')], stampedHeaders: ['note'], note: [1] },
    },
  }),
];

export const recordsOf = async (world: World): Promise<unknown> =>
  world.store({ now: later }).get(RECORDS.map(({ taskId }) => taskId));

export function archiveContract(open: OpenWorld): void {
  for (const archive of [{ table: 'old_results' }, { file: 'jsonl' }, { file: 'jsonl.gz' }] as const) {
    const kind = 'table' in archive ? 'a table' : `a file ending in ${archive.file}`;
    it(`archives in ${kind} what it removes, and restores the very records from there`, async () => {
      const world = await open();
      const where = 'table' in archive ? archive : { file: temporaryFile(`archive.${archive.file}`) };
      await world.store().put([...RECORDS, record('kept', 'SUCCESS', { doneAt: later() })]);
      const before = await recordsOf(world);
      const retention = world.retention({ now: later });
      const applied = await retention.apply(POLICY, { archive: where, batchSize: 4, pauseMs: 0 });
      expect(applied).toMatchObject({ removed: { default: RECORDS.length }, archived: RECORDS.length });
      expect(await idsIn(world)).toEqual(['kept']);
      expect(await retention.restore(where)).toEqual({ restored: RECORDS.length, skipped: 0, failed: 0, failures: [] });
      expect(await recordsOf(world)).toEqual(before);
      expect(await retention.restore(where)).toMatchObject({ restored: 0, skipped: RECORDS.length });
    });
  }

  it('restores a file into another database', async () => {
    const [from, to] = [await open(), await open()];
    const file = temporaryFile('archive.jsonl');
    await from.store().put(RECORDS);
    await from.retention({ now: later }).apply(POLICY, { archive: { file } });
    expect(await to.retention({ now: later }).restore({ file })).toMatchObject({ restored: RECORDS.length });
    expect(await recordsOf(to)).toEqual(RECORDS);
  });

  for (const celery of CELERY_VERSIONS) {
    it(`restores what Celery ${celery} stored byte for byte, also what cannot be read`, async () => {
      const world = await open();
      await world.store().get([]);
      const rows = new Map(
        vectors(VECTORS[world.target.entry], celery)
          .filter(({ task_id: id, raw }) => id !== undefined && raw.rows > 0)
          .map((vector) => [vector.task_id, TASK_COLUMNS.map((column) => [column, columnOf(vector, column)])] as const),
      );
      for (const [i, columns] of [...rows.values()].entries())
        await world.insert({ id: i + 1, ...Object.fromEntries(columns) });
      const stored = () => world.query(`SELECT ${TASK_COLUMNS.join(', ')} FROM celery_taskmeta ORDER BY task_id`);
      const before = await stored();
      expect(before.length).toBeGreaterThan(100);
      const policy = { default: '1s', stale: '1s' };
      const file = temporaryFile('archive.jsonl');
      // The first time it notes when it saw those that are not ready.
      for (const days of [1, 2]) {
        const now = (): number => Date.now() + days * 86_400_000;
        await world.retention({ now }).apply(policy, { archive: { file }, pauseMs: 0 });
      }
      expect(await stored()).toEqual([]);
      expect(await world.retention().restore({ file })).toMatchObject({ restored: before.length, failed: 0 });
      expect(await stored()).toEqual(before);
    });
  }

  it('keeps in the table the record that was archived last', async () => {
    const world = await open();
    const retention = world.retention({ now: later });
    for (const result of ['first', 'second']) {
      await world.store().put([record('a', 'FAILURE', { result: new RemoteError(result, 'm', []) })]);
      await retention.apply(POLICY, { archive: { table: 'old_results' } });
    }
    expect(await world.query('SELECT COUNT(*) AS n FROM old_results')).toMatchObject([{ n: expect.anything() }]);
    await retention.restore({ table: 'old_results' });
    expect(await world.store().get(['a'])).toMatchObject([{ result: { type: 'second' } }]);
  });

  it('continues a file of lines, readable by its owner alone, also behind a line that was cut off', async () => {
    const world = await open();
    const file = temporaryFile('archive.jsonl');
    const retention = world.retention({ now: later });
    await world.store().put([record('a')]);
    await retention.apply(POLICY, { archive: { file } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"version":1,"docu`);
    await world.store().put([record('b')]);
    await retention.apply(POLICY, { archive: { file } });
    expect(await retention.restore({ file })).toMatchObject({ restored: 2, failed: 1, failures: [{ line: 2 }] });
  });

  it('does not continue a compressed file, and removes nothing then', async () => {
    const world = await open();
    const file = temporaryFile('archive.jsonl.gz');
    await world.store().put([record('a')]);
    writeFileSync(file, '');
    expect(await code(world.retention({ now: later }).apply(POLICY, { archive: { file } }))).toBe('RB_STORE');
    expect(await idsIn(world)).toEqual(['a']);
  });

  it('removes nothing where the archive cannot be written', async () => {
    const world = await open();
    await world.store().put([record('a')]);
    const archive = { file: `${temporaryFile()}/no/such/folder.jsonl` };
    expect(await code(world.retention({ now: later }).apply(POLICY, { archive }))).toBe('RB_STORE');
    expect(await idsIn(world)).toEqual(['a']);
  });

  it('writes lines that other tools read: the meta document of Celery', async () => {
    const world = await open();
    const file = temporaryFile('archive.jsonl.gz');
    await world.store().put([record('a', 'SUCCESS', { result: { total: 42 }, meta: { name: 'proj.add' } })]);
    await world.retention({ now: later }).apply(POLICY, { archive: { file } });
    expect(JSON.parse(gunzipSync(readFileSync(file)).toString())).toMatchObject({
      version: 1,
      expires_at: null,
      document: {
        ...{ task_id: 'a', status: 'SUCCESS', result: { total: 42 }, name: 'proj.add', traceback: null },
        date_done: '2026-11-22T17:03:59.460000+00:00',
      },
    });
  });
}
