import { type DateTime, RemoteError, ResultNode, type TaskRecord, Tuple } from '@rb/core';
import { pickle } from '@rb/serializers/pickle';
import { columnOf, sqliteDdl, vectors } from '@rb/vectors';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { databaseWith } from './celery-tables.js';
import { openRaw, openStore, record, temporaryFile } from './support.js';
import { TASK_COLUMNS } from './task-columns.js';

describe('dates', () => {
  it('are told apart by their text, where equality of instants is not enough', async () => {
    const read = async (name: string): Promise<unknown> => {
      const vector = vectors('sqlite', '5.6.3').find((candidate) => candidate.name === name);
      if (vector === undefined) throw new Error(`no vector ${name}`);
      const store = openStore({ filename: databaseWith(vector, '5.6.3', 'celery_taskmeta', TASK_COLUMNS) });
      const [outcome] = await store.get([vector.task_id ?? '']);
      return ((outcome as TaskRecord).result as DateTime).toIsoFormat();
    };
    expect(await read('success_datetime_naive_us')).toBe('2024-02-29T12:34:56.789012');
    expect(await read('success_datetime_offset')).toBe('2024-02-29T12:34:56+05:30');
  });

  it.each([
    ['2026-11-22 17:03:59.460545', 460.545],
    ['2026-11-22T17:03:59.460545', 460.545],
    ['2026-11-22 17:03:59', 0],
    ['2026-11-22 18:03:59.460545+01:00', 460.545],
    ['2026-11-22T17:03:59.460Z', 460],
  ])('of every form that SQLAlchemy reads are read: %s', async (text, ms) => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put([record('a')]);
    openRaw(filename).prepare('UPDATE celery_taskmeta SET date_done = ?').run(text);
    expect(await store.get(['a'])).toMatchObject([{ doneAt: Date.UTC(2026, 10, 22, 17, 3, 59) + ms }]);
  });
});

describe('the tables', () => {
  const schemaOf = (database: Database.Database): unknown =>
    database
      .prepare('SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name')
      .all()
      // We quote names, which may be any; SQLAlchemy does so only where it must.
      .map((row) => ({ ...(row as object), sql: (row as { sql: string }).sql.replaceAll('"', '') }));

  it('are, statement by statement, those of Celery 5.6.3', async () => {
    const filename = temporaryFile();
    await openStore({ filename, layout: 'celery' }).get([]);
    const celery = new Database(':memory:');
    for (const sql of sqliteDdl('5.6.3')) celery.exec(sql);
    expect(schemaOf(openRaw(filename))).toEqual(schemaOf(celery));
    celery.close();
  });

  it('are those of Celery 5.2.6 but for the indexes', () => {
    expect(sqliteDdl('5.2.6')).toEqual(sqliteDdl('5.6.3').filter((sql) => !sql.startsWith('CREATE INDEX')));
  });

  it('have Celery’s columns first, and only nullable ones with our prefix after them', async () => {
    const filename = temporaryFile();
    await openStore({ filename }).get([]);
    const columns = openRaw(filename)
      .prepare("SELECT name, [notnull] AS required FROM pragma_table_info('celery_taskmeta')")
      .all();
    expect(columns.slice(1, 12)).toEqual(TASK_COLUMNS.map((name) => ({ name, required: 0 })));
    for (const column of columns.slice(12))
      expect(column).toEqual({ name: expect.stringMatching(/^rb_/), required: 0 });
  });
});

describe('what Node stores', () => {
  const rowOf = async (stored: TaskRecord): Promise<Record<string, unknown>> => {
    const filename = temporaryFile();
    await openStore({ filename }).put([stored]);
    return openRaw(filename).prepare('SELECT * FROM celery_taskmeta').get() as Record<string, unknown>;
  };

  it('is Celery’s row, byte for byte where a vector can say it', async () => {
    const doneAt = Date.UTC(2026, 10, 22, 17, 3, 59) + 460.545;
    const meta = {
      name: 'proj.tasks.add',
      args: [2, 'zwö', null],
      kwargs: { x: { y: [1.5, true] } },
      worker: 'worker1@host',
      retries: 1,
      queue: 'celery',
    };
    const row = await rowOf(record('a', 'SUCCESS', { result: null, doneAt, meta }));
    const vector = vectors('sqlite', '5.6.3').find(
      ({ name, extended, serializer }) => name === 'success_none' && extended && serializer === 'json',
    );
    if (vector === undefined) throw new Error('no vector');
    const same = ['status', 'result', 'traceback', 'name', 'worker', 'retries', 'queue'];
    for (const column of same) expect([column, row[column]]).toEqual([column, columnOf(vector, column)]);
    expect(row.date_done).toBe('2026-11-22 17:03:59.460545');
    for (const column of ['args', 'kwargs']) {
      expect(JSON.parse(String(row[column]))).toEqual(JSON.parse(String(columnOf(vector, column))));
      expect(row[column]).toBeInstanceOf(Uint8Array);
    }
  });

  it('is a pickle that no configuration of Celery can fail to read', async () => {
    const value = { a: [1, 2 ** 40, 1.5, 'ü', true, null], when: new Date(0) };
    const { result } = await rowOf(record('a', 'SUCCESS', { result: value }));
    expect(pickle.decode(result as Uint8Array)).toEqual(value);
  });

  it('has an exception as Celery’s map of three keys', async () => {
    const { result } = await rowOf(
      record('a', 'FAILURE', { result: new RemoteError('ValueError', 'builtins', ['böom']) }),
    );
    expect(pickle.decode(result as Uint8Array)).toEqual({
      exc_type: 'ValueError',
      exc_message: new Tuple(['böom']),
      exc_module: 'builtins',
    });
  });

  it('has date_done only where the state is ready', async () => {
    expect((await rowOf(record('a', 'STARTED'))).date_done).toBeNull();
    expect((await rowOf(record('a', 'PROGRESS', { doneAt: 1 }))).date_done).toBeNull();
  });
});

describe('a row that Celery rewrites', () => {
  /** As SQLAlchemy does it: only the columns that changed, by id. */
  const UPDATES = [
    "UPDATE celery_taskmeta SET status='FAILURE', result=NULL, date_done='2026-11-22 16:32:35.812488', traceback='text' WHERE celery_taskmeta.id = 1",
    "UPDATE celery_taskmeta SET result=x'80044b012e', date_done='2026-11-22 16:32:35.816808' WHERE celery_taskmeta.id = 1",
    "UPDATE celery_taskmeta SET date_done='2026-11-22 16:32:35.816808' WHERE celery_taskmeta.id = 1",
    'UPDATE celery_taskmeta SET name=NULL, args=NULL WHERE celery_taskmeta.id = 1',
  ];
  const ours = record('a', 'RETRY', {
    expiresAt: 1,
    meta: { name: 'n', args: [], children: [new ResultNode('c')], groupId: 'g', parentId: 'p', stamp: 's' },
  });

  it.each(UPDATES)('keeps nothing of the record that we had stored there: %s', async (sql) => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put([ours]);
    expect(await store.get(['a'])).toEqual([undefined]);
    const raw = openRaw(filename);
    raw.exec(sql);
    const [read] = await store.get(['a']);
    expect(read).toMatchObject({ taskId: 'a', expiresAt: null });
    expect(Object.keys((read as TaskRecord).meta).filter((key) => !['name', 'args'].includes(key))).toEqual([]);
    expect(await store.expiry?.sweep?.(10)).toBe(0);
  });

  it('can be rewritten by us again, and by Celery after that', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    const raw = openRaw(filename);
    for (let round = 0; round < 3; round++) {
      await store.put([{ ...ours, expiresAt: 2 ** 42 }]);
      expect(await store.get(['a'])).toEqual([{ ...ours, expiresAt: 2 ** 42 }]);
      raw.exec("UPDATE celery_taskmeta SET status='STARTED' WHERE celery_taskmeta.id = 1");
      expect(await store.get(['a'])).toMatchObject([{ state: 'STARTED', expiresAt: null }]);
    }
  });
});
