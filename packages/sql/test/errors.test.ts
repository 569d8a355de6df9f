import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ResultError } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { loadDriver } from '../src/sqlite/driver.js';
import { toResultError } from '../src/sqlite/errors.js';
import { code, openRaw, openStore, record, temporaryFile } from './support.js';

const failure = (code: string, message = ''): Error => Object.assign(new Error(message), { code });

describe('toResultError', () => {
  it.each([
    ['SQLITE_BUSY', 'RB_UNAVAILABLE', true],
    ['SQLITE_BUSY_SNAPSHOT', 'RB_UNAVAILABLE', true],
    ['SQLITE_LOCKED', 'RB_UNAVAILABLE', true],
    ['SQLITE_CANTOPEN', 'RB_UNAVAILABLE', true],
    ['SQLITE_CANTOPEN_ISDIR', 'RB_UNAVAILABLE', true],
    ['SQLITE_FULL', 'RB_UNAVAILABLE', true],
    ['SQLITE_NOMEM', 'RB_UNAVAILABLE', true],
    ['SQLITE_IOERR_WRITE', 'RB_OUTCOME_UNKNOWN', true],
    ['SQLITE_READONLY', 'RB_DENIED', false],
    ['SQLITE_READONLY_DIRECTORY', 'RB_DENIED', false],
    ['SQLITE_PERM', 'RB_DENIED', false],
    ['SQLITE_AUTH', 'RB_DENIED', false],
    ['SQLITE_NOTADB', 'RB_STORE', false],
    ['SQLITE_CORRUPT_VTAB', 'RB_STORE', false],
    ['SQLITE_TOOBIG', 'RB_TOO_LARGE', false],
    ['SQLITE_SCHEMA', 'RB_SCHEMA', false],
    ['SQLITE_MISUSE', 'RB_STORE', false],
    ['SOMETHING_ELSE', 'RB_STORE', false],
  ])('takes %s for %s', (driverCode, expected, retryable) => {
    const cause = failure(driverCode);
    const error = toResultError(cause, { doing: 'storing 1 records', database: 'x.db', write: true });
    expect(error).toMatchObject({ code: expected, retryable, cause });
    expect(error.message).toMatch(/^storing 1 records failed on SQLite database x\.db: ./);
  });

  it.each([
    ['no such table: celery_taskmeta', 'RB_SCHEMA'],
    ['no such column: rb_meta', 'RB_SCHEMA'],
    ['ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint', 'RB_SCHEMA'],
    ['table x has no column named rb_meta', 'RB_SCHEMA'],
    ['Cannot open database because the directory does not exist', 'RB_UNAVAILABLE'],
    ['The database connection is not open', 'RB_CLOSED'],
    ['near "SELEC": syntax error', 'RB_STORE'],
  ])('understands the message %j', (message, expected) => {
    expect(toResultError(failure('SQLITE_ERROR', message), { doing: 'x', database: 'x.db', write: false }).code).toBe(
      expected,
    );
  });

  it('knows that a failed read changed nothing, and leaves ResultErrors as they are', () => {
    const context = { doing: 'x', database: 'x.db', write: false };
    expect(toResultError(failure('SQLITE_IOERR_READ'), context).code).toBe('RB_UNAVAILABLE');
    expect(toResultError(undefined, context).code).toBe('RB_STORE');
    // A read-only directory is where readonly: true does not help.
    expect(toResultError(failure('SQLITE_READONLY_DIRECTORY'), context).message).toContain('WAL');
    expect(toResultError(failure('SQLITE_READONLY_DBMOVED'), context)).toMatchObject({ retryable: true });
    const own = new ResultError('RB_CLOSED', 'closed');
    expect(toResultError(own, context)).toBe(own);
  });
});

describe('a store', () => {
  it('names a file that is no database', async () => {
    const filename = temporaryFile();
    writeFileSync(filename, 'this is a text file, and long enough to be taken for a page of a database'.repeat(20));
    await expect(openStore({ filename }).get(['a'])).rejects.toMatchObject({
      code: 'RB_STORE',
      message: expect.stringContaining('is not an SQLite database'),
    });
  });

  it('names a damaged database', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename });
    await store.put(
      Array.from({ length: 200 }, (_, n) => record(`task-${n}`, 'SUCCESS', { traceback: 'x'.repeat(500) })),
    );
    await store.close();
    const { open } = await import('node:fs/promises');
    const file = await open(filename, 'r+');
    // Beyond the first page, so that it still looks like a database.
    const { size } = await file.stat();
    await file.write(Buffer.alloc(size - 4_096, 0x5a), 0, size - 4_096, 4_096);
    await file.close();
    await expect(openStore({ filename, createTables: false }).get(['task-1'])).rejects.toMatchObject({
      code: 'RB_STORE',
      message: expect.stringContaining('damaged'),
    });
  });

  it('reads a read-only file, and is denied to write to it', async () => {
    const filename = temporaryFile();
    const writer = openStore({ filename });
    await writer.put([record('a')]);
    const store = openStore({ filename, readonly: true });
    expect(await store.get(['a'])).toEqual([record('a')]);
    expect(await code(store.put([record('b')]))).toBe('RB_DENIED');
    expect(await code(store.expiry?.sweep?.(1) ?? Promise.resolve())).toBe('RB_DENIED');
  });

  it('names a directory that does not exist, and works once it does: a failed first open is not remembered', async () => {
    const filename = `${temporaryFile()}/deeper/results.db`;
    const store = openStore({ filename });
    await expect(store.get(['a'])).rejects.toMatchObject({ code: 'RB_UNAVAILABLE', retryable: false });
    mkdirSync(dirname(filename), { recursive: true });
    expect(await store.get(['a'])).toEqual([undefined]);
  });

  it('does not create the file where it may not create tables', async () => {
    expect(await code(openStore({ filename: temporaryFile(), createTables: false }).get(['a']))).toBe('RB_UNAVAILABLE');
  });

  it('gives up on a locked database after busyTimeoutMs, changes nothing, and goes on afterwards', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename, busyTimeoutMs: 20 });
    await store.put([record('a', 'STARTED')]);
    const raw = openRaw(filename);
    raw.exec('BEGIN IMMEDIATE');
    await expect(store.put([record('a'), record('b')])).rejects.toMatchObject({
      code: 'RB_UNAVAILABLE',
      retryable: true,
    });
    expect(await store.get(['a', 'b'])).toEqual([record('a', 'STARTED'), undefined]);
    raw.exec('COMMIT');
    expect(await store.put([record('a')])).toEqual([{ applied: true }]);
  });

  it('reports a full disk, keeps what it had, and goes on when there is room', async () => {
    const database = openRaw(temporaryFile());
    const store = openStore({ database });
    await store.put([record('a')]);
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`);
    const large = record('b', 'SUCCESS', { traceback: 'x'.repeat(1_000_000) });
    await expect(store.put([record('c'), large])).rejects.toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
    expect(await store.get(['a', 'b', 'c'])).toEqual([record('a'), undefined, undefined]);
    database.pragma('max_page_count = 100000');
    expect(await store.put([large])).toEqual([{ applied: true }]);
  });

  it('writes nothing into a transaction that the caller holds open on its own database, but reads', async () => {
    const database = openRaw(temporaryFile());
    const store = openStore({ database });
    await store.put([record('a', 'STARTED')]);
    database.exec('BEGIN');
    for (const records of [[record('a')], [record('b'), record('c'), record('d')]])
      await expect(store.put(records)).rejects.toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true });
    expect(await store.get(['a', 'b'])).toEqual([record('a', 'STARTED'), undefined]);
    expect(await store.stats?.read()).toMatchObject({ total: 1 });
    database.exec('ROLLBACK');
    expect(await store.put([record('a')])).toEqual([{ applied: true }]);
  });

  it('notices that the database it was given has been closed', async () => {
    const database = openRaw(temporaryFile());
    const store = openStore({ database });
    await store.put([record('a')]);
    database.close();
    expect(await code(store.get(['a']))).toBe('RB_CLOSED');
  });

  it('never shows a result in an error', async () => {
    const filename = temporaryFile();
    const store = openStore({ filename, busyTimeoutMs: 0 });
    await store.put([record('a', 'STARTED')]);
    openRaw(filename).exec('BEGIN IMMEDIATE');
    const error = await store.put([record('a', 'SUCCESS', { result: 's3cret' })]).catch((thrown: unknown) => thrown);
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
  });
});

describe('the driver', () => {
  it('is not even imported on a Node.js that it would crash', async () => {
    const load = (): never => {
      throw new Error('must not be called');
    };
    await expect(loadDriver(9, load)).rejects.toMatchObject({
      code: 'RB_UNSUPPORTED',
      message: expect.stringContaining('22.14'),
    });
    await expect(loadDriver(Number.NaN, load)).rejects.toMatchObject({ code: 'RB_UNSUPPORTED' });
  });

  it('that is not installed is named, with what to run', async () => {
    const missing = async () => {
      throw failure('ERR_MODULE_NOT_FOUND');
    };
    await expect(loadDriver(10, missing)).rejects.toMatchObject({
      code: 'RB_UNSUPPORTED',
      message: expect.stringContaining('npm install better-sqlite3'),
    });
    const broken = async () => {
      throw new Error('wrong ELF class');
    };
    await expect(loadDriver(10, broken)).rejects.toMatchObject({
      code: 'RB_UNSUPPORTED',
      cause: new Error('wrong ELF class'),
    });
  });
});
