import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResultStore, TaskRecord } from '@rb/core';
import Database from 'better-sqlite3';
import { onTestFinished, vi } from 'vitest';
import { type SqliteStoreOptions, sqliteStore } from '../src/sqlite/index.js';

/** A path in a folder of its own, removed with the test. */
export function temporaryFile(name = 'results.db'): string {
  const folder = mkdtempSync(join(tmpdir(), 'rb-sqlite-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

/** A store on a fresh file, or on the one given, closed with the test. */
export function openStore(options: SqliteStoreOptions = {}): ResultStore {
  const store = sqliteStore(options.filename || options.database ? options : { ...options, filename: temporaryFile() });
  onTestFinished(() => store.close());
  return store;
}

/** The database as any other program sees it. */
export function openRaw(filename: string): Database.Database {
  const database = new Database(filename);
  onTestFinished(() => {
    database.close();
  });
  return database;
}

export const record = (taskId: string, state = 'SUCCESS', fields: Partial<TaskRecord> = {}): TaskRecord => ({
  taskId,
  state,
  result: null,
  traceback: null,
  doneAt: ['SUCCESS', 'FAILURE', 'REVOKED'].includes(state) ? Date.UTC(2026, 10, 22, 17, 3, 59, 460) : null,
  meta: {},
  expiresAt: null,
  ...fields,
});

export const code = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { code?: unknown }) => error.code ?? error,
  );

/** The capability, which the store promises to have. */
export function present<T>(capability: T | undefined): T {
  if (capability === undefined) throw new Error('the store lacks a capability that the test is about');
  return capability;
}

/** Waits until the assertion holds; long enough for a machine that is busy with everything else. */
export const eventually = (assertion: () => unknown): Promise<unknown> =>
  vi.waitFor(assertion, { timeout: 20_000, interval: 5 });
