import { type CeleryVersion, columnOf, sqliteDdl, type Vector } from '@rb/vectors';
import { openRaw, temporaryFile } from './support.js';

export const TASK_COLUMNS: readonly string[] = [
  'task_id',
  'status',
  'result',
  'date_done',
  'traceback',
  'name',
  'args',
  'kwargs',
  'worker',
  'retries',
  'queue',
];

/** A vector's row inserted by plain SQL into tables that Celery's own DDL made. */
export function databaseWith(vector: Vector, celery: CeleryVersion, table: string, columns: readonly string[]): string {
  const filename = temporaryFile();
  const raw = openRaw(filename);
  for (const sql of sqliteDdl(celery)) raw.exec(sql);
  const values = columns.map((column) => columnOf(vector, column));
  raw.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`).run(values);
  return filename;
}
