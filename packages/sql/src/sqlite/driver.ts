import { ResultError } from '@rb/core';

/** What is used of better-sqlite3's Database; its own types need not be installed. */
export interface SqliteDatabase {
  readonly memory: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  pragma(source: string): unknown;
  close(): unknown;
}

export interface SqliteStatement {
  /** Whether it returns rows. */
  readonly reader: boolean;
  all(...params: unknown[]): unknown[];
  run(...params: unknown[]): { readonly changes: number };
  safeIntegers(enabled: boolean): unknown;
}

interface SqliteOpenOptions {
  readonly readonly: boolean;
  readonly fileMustExist: boolean;
  /** How long SQLite itself waits for a lock, stopping the whole process meanwhile. */
  readonly timeout: number;
}

export type SqliteDriver = new (filename: string, options: SqliteOpenOptions) => SqliteDatabase;

/** better-sqlite3 13 is built for this Node-API (Node.js 22.14), and takes the process down on an older one. */
const NODE_API = 10;

/**
 * Imports better-sqlite3, which is an optional peer.
 *
 * Errors: RB_UNSUPPORTED where it is missing or cannot run here.
 */
export async function loadDriver(
  nodeApi: number = Number(process.versions.napi),
  load: () => Promise<{ default: unknown }> = () => import('better-sqlite3'),
): Promise<SqliteDriver> {
  if (!(nodeApi >= NODE_API))
    throw new ResultError('RB_UNSUPPORTED', `better-sqlite3 needs Node.js 22.14 or later; this is ${process.version}`);
  try {
    return (await load()).default as SqliteDriver;
  } catch (cause) {
    const missing = (cause as { code?: unknown } | null)?.code === 'ERR_MODULE_NOT_FOUND';
    const advice = missing ? 'is not installed; run: npm install better-sqlite3@13' : 'cannot be loaded; see the cause';
    throw new ResultError('RB_UNSUPPORTED', `@rb/sql/sqlite needs better-sqlite3, which ${advice}`, { cause });
  }
}
