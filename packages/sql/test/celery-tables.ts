import { type CeleryVersion, columnOf, sqliteDdl, type Vector } from '@rb/vectors';
import { openRaw, temporaryFile } from './support.js';

/** A vector's row inserted by plain SQL into tables that Celery's own DDL made. */
export function databaseWith(vector: Vector, celery: CeleryVersion, table: string, columns: readonly string[]): string {
  const filename = temporaryFile();
  const raw = openRaw(filename);
  for (const sql of sqliteDdl(celery)) raw.exec(sql);
  const values = columns.map((column) => columnOf(vector, column));
  raw.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`).run(values);
  return filename;
}
