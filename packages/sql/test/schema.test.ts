import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sqliteSchema } from '../src/sqlite/index.js';
import { startWriter } from './processes/index.js';
import { code, openRaw, openStore, record, temporaryFile } from './support.js';

const CELERY_TABLES = `
  CREATE TABLE celery_taskmeta (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, task_id VARCHAR(155), status VARCHAR(50),
    result BLOB, date_done DATETIME, traceback TEXT, name VARCHAR(155), args BLOB, kwargs BLOB, worker VARCHAR(155),
    retries INTEGER, queue VARCHAR(155), UNIQUE (task_id));
  CREATE TABLE celery_tasksetmeta (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, taskset_id VARCHAR(155), result BLOB,
    date_done DATETIME, UNIQUE (taskset_id));
  INSERT INTO celery_taskmeta (task_id, status, date_done) VALUES ('a', 'SUCCESS', '2026-11-22 16:32:35.812488');`;

/** A file as Celery leaves it, with one record. */
function celeryFile(): string {
  const filename = temporaryFile();
  openRaw(filename).exec(CELERY_TABLES);
  return filename;
}

const ofCelery = record('a', 'SUCCESS', { doneAt: Date.UTC(2026, 10, 22, 16, 32, 35, 812) + 0.488 });

describe('the schema', () => {
  it('is versioned: nothing, Celery’s tables, and with this package’s additions', async () => {
    const empty = { filename: temporaryFile() };
    const celery = { filename: celeryFile() };
    expect(await sqliteSchema(empty).status()).toMatchObject({ current: 0, latest: 2 });
    expect(await sqliteSchema(celery).status()).toMatchObject({ current: 1, latest: 2 });
    for (const options of [empty, celery]) {
      const { pending } = await sqliteSchema(options).status();
      expect(await sqliteSchema(options).deploy()).toEqual(pending);
      expect(await sqliteSchema(options).status()).toEqual({ current: 2, latest: 2, pending: [] });
      expect(await sqliteSchema(options).deploy()).toEqual([]);
    }
  });

  it('says how the tables differ from what they should be', async () => {
    const filename = celeryFile();
    const schema = sqliteSchema({ filename });
    expect(await schema.diff()).toEqual(
      expect.arrayContaining([
        'the column "celery_taskmeta".rb_expires_at is missing',
        'the table "rb_celery_tasksetmeta_members" is missing',
        'the index "rb_celery_taskmeta_name" is missing',
        'the trigger "rb_celery_taskmeta_rewritten" is missing',
      ]),
    );
    await schema.deploy();
    expect(await schema.diff()).toEqual([]);
    openRaw(filename).exec('UPDATE rb_schema_version SET version = 9');
    expect(await schema.diff()).toEqual([expect.stringContaining('newer version of this package: 9')]);
  });

  it('only ever adds', async () => {
    const filename = celeryFile();
    const pending = [
      ...(await sqliteSchema({ filename }).status()).pending,
      ...(await sqliteSchema({ filename: temporaryFile() }).status()).pending,
    ];
    for (const sql of pending)
      expect(sql).toMatch(/^(CREATE (TABLE|INDEX|TRIGGER)|ALTER TABLE "\w+" ADD COLUMN rb_\w+ \w+$)/);
    const store = openStore({ filename });
    expect(await store.get(['a'])).toEqual([ofCelery]);
    await store.put([record('b', 'SUCCESS', { expiresAt: 2 ** 42, meta: { groupId: 'g' } })]);
    expect(await store.get(['b'])).toMatchObject([{ expiresAt: 2 ** 42, meta: { groupId: 'g' } }]);
  });

  it('is repaired where tables were dropped and made anew by Celery, also under a running store', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put([record('a', 'STARTED')]);
    const raw = openRaw(filename);
    raw.exec('DROP TABLE celery_taskmeta; DROP TABLE celery_tasksetmeta');
    raw.exec(CELERY_TABLES);
    expect(await code(store.put([record('b')]))).toBe('RB_SCHEMA');
    expect(await store.put([record('b')])).toEqual([{ applied: true }]);
    expect(await store.get(['a'])).toEqual([ofCelery]);
  });

  it('is left alone where a newer package has deployed its own', async () => {
    const filename = temporaryFile();
    await sqliteSchema({ filename }).deploy();
    openRaw(filename).exec(
      'UPDATE rb_schema_version SET version = 9; DROP TRIGGER rb_celery_taskmeta_rewritten; DROP INDEX rb_celery_taskmeta_status',
    );
    expect(await sqliteSchema({ filename }).status()).toEqual({ current: 9, latest: 2, pending: [] });
    expect(await openStore({ filename }).put([record('a')])).toEqual([{ applied: true }]);
  });

  it('takes tables of any name, several pairs in one file', async () => {
    const filename = temporaryFile();
    const tables = { task: 'Order', group: 'select from' };
    await sqliteSchema({ filename }).deploy();
    await sqliteSchema({ filename, tables }).deploy();
    expect(await sqliteSchema({ filename, tables }).status()).toMatchObject({ current: 2, pending: [] });
    // SQLite takes names that differ in case only for the same.
    const lower = { ...tables, task: 'order' };
    expect(await openStore({ filename, tables: lower }).put([record('a')])).toEqual([{ applied: true }]);
    expect(await openStore({ filename, tables }).get(['a'])).toEqual([record('a')]);
  });

  it.each(['', 'a"b', 'x'.repeat(49), 'sqlite_x', 'a\nb'])('refuses the table name %j', (task) => {
    expect(() => sqliteSchema({ filename: 'unused.db', tables: { task } })).toThrow(TypeError);
  });

  it('is deployed once by 8 processes that start at once on a fresh file, and all of them store', {
    timeout: 30_000,
  }, async () => {
    const filename = temporaryFile();
    const writers = await Promise.all(Array.from({ length: 8 }, () => startWriter(filename)));
    const puts = await Promise.all(
      writers.map((writer, n) => writer.put([record(`task-${n}`), record('same', 'SUCCESS', { result: n })])),
    );
    const applied = puts.map((outcomes) =>
      typeof outcomes === 'string' ? outcomes : outcomes.map((outcome) => 'applied' in outcome && outcome.applied),
    );
    expect(applied.map((outcomes) => outcomes[0])).toEqual(puts.map(() => true));
    expect(applied.filter((outcomes) => outcomes[1] === true)).toHaveLength(1);
    expect(await sqliteSchema({ filename }).status()).toMatchObject({ current: 2, pending: [] });
  });
});

describe('a table that may not be altered', () => {
  it('is read but not written where createTables is off, until someone deploys', async () => {
    const filename = celeryFile();
    const store = openStore({ filename, createTables: false });
    expect(await store.get(['a'])).toEqual([ofCelery]);
    expect(await store.stats?.read()).toMatchObject({ byState: { SUCCESS: 1 } });
    await expect(store.put([record('b')])).rejects.toMatchObject({
      code: 'RB_SCHEMA',
      message: expect.stringContaining('deploy()'),
    });
    expect(
      await code(store.groups?.save({ groupId: 'g', members: [], parent: null, expiresAt: null }) ?? Promise.resolve()),
    ).toBe('RB_SCHEMA');
    await sqliteSchema({ filename, createTables: false }).deploy();
    expect(await store.put([record('b')])).toEqual([{ applied: true }]);
  });

  it('is read where the file is readonly', async () => {
    const filename = celeryFile();
    const store = openStore({ filename, readonly: true });
    expect(await store.get(['a'])).toEqual([ofCelery]);
    expect(await code(store.put([record('b')]))).toBe('RB_SCHEMA');
  });

  it('stays exactly Celery’s with that layout: no deadlines, no groups, and it says what it keeps', async () => {
    const filename = celeryFile();
    const raw = openRaw(filename);
    const schema = () => raw.prepare('SELECT type, name, sql FROM sqlite_master').all();
    const before = schema();
    const store = openStore({ filename, layout: 'celery' });
    const meta = { name: 'add', args: [1], kwargs: {}, worker: 'w', retries: 1, queue: 'q' };
    await store.put([record('b', 'SUCCESS', { meta: { ...meta, groupId: 'g', children: [], stamp: () => 1 } })]);
    expect(await store.get(['b'])).toEqual([record('b', 'SUCCESS', { meta })]);
    expect(await store.put([record('b', 'FAILURE')])).toEqual([{ applied: false, state: 'SUCCESS' }]);
    expect(store.traits.keeps).toEqual(Object.keys(meta));
    expect([store.expiry, store.groups]).toEqual([undefined, undefined]);
    expect(schema()).toEqual(before);
    expect(await store.delete(['b'])).toBe(1);
  });

  it('that is missing is RB_SCHEMA and says what to run', async () => {
    const filename = temporaryFile();
    openRaw(filename).exec('CREATE TABLE unrelated (a)');
    const store = openStore({ filename, createTables: false });
    await expect(store.get(['a'])).rejects.toMatchObject({
      code: 'RB_SCHEMA',
      message: expect.stringContaining('deploy()'),
    });
    await sqliteSchema({ filename }).deploy();
    expect(await store.get(['a'])).toEqual([undefined]);
  });
});

describe('the package', () => {
  it('imports better-sqlite3 on first use only', () => {
    const built = readFileSync(new URL('../dist/sqlite.js', import.meta.url), 'utf8');
    expect(built).toMatch(/import\(["']better-sqlite3["']\)/);
    expect(built).not.toMatch(/from ["']better-sqlite3["']/);
  });
});
