import { readFileSync } from 'node:fs';
import { columnOf, type Vector } from '@rb/vectors';
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

/** Every statement that Celery ran when it created its tables. */
export const ddlOf = (celery: string): readonly string[] => {
  const file = new URL('../../../tooling/vectors/celery/sql-ddl-and-statements.json', import.meta.url);
  const statements: string[] = JSON.parse(readFileSync(file, 'utf8'))[celery].sqlite.statements;
  return statements.filter((sql) => sql.startsWith('CREATE ')).map((sql) => sql.replace(' | ()', ''));
};

/** A vector's row inserted by plain SQL into tables that Celery's own DDL made. */
export function databaseWith(vector: Vector, celery: string, table: string, columns: readonly string[]): string {
  const filename = temporaryFile();
  const raw = openRaw(filename);
  for (const sql of ddlOf(celery)) raw.exec(sql);
  const values = columns.map((column) => columnOf(vector, column));
  raw.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`).run(values);
  return filename;
}
