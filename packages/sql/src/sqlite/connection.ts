import { loadDriver, type SqliteDatabase } from './driver.js';

export interface ConnectionOptions {
  readonly filename: string;
  readonly readonly: boolean;
  readonly fileMustExist: boolean;
  readonly synchronous: 'OFF' | 'NORMAL' | 'FULL' | 'EXTRA';
  readonly journalMode: 'WAL' | 'DELETE';
}

/** Opens the file and proves that it is a database: until something is read, SQLite would open anything. */
export async function openConnection(options: ConnectionOptions): Promise<SqliteDatabase> {
  const Database = await loadDriver();
  const { filename, readonly, fileMustExist, synchronous, journalMode } = options;
  // No waiting inside SQLite: it would stop the event loop. The executor waits instead.
  const database = new Database(filename, { readonly, fileMustExist, timeout: 0 });
  try {
    database.pragma('schema_version');
    if (!readonly) database.pragma(`journal_mode = ${journalMode}`);
    database.pragma(`synchronous = ${synchronous}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
