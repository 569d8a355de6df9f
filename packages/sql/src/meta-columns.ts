import { json, ResultNode, type Serializer, type TaskMeta } from '@rb/core';
import { isLonger, MAX_ID } from './limits.js';
import type { TaskRow } from './task-row.js';

const TEXT_COLUMNS = {
  name: 'name',
  worker: 'worker',
  queue: 'queue',
  groupId: 'rb_group_id',
  parentId: 'rb_parent_id',
} as const;
type TextColumn = (typeof TEXT_COLUMNS)[keyof typeof TEXT_COLUMNS];

/** Those have columns, or encodings, of their own. */
const ENCODED: ReadonlySet<string> = new Set(['args', 'kwargs', 'children']);

/** What columns can say of `meta` goes there, and to `rb_meta` what they cannot; arguments and children are encoded elsewhere. */
export function columnsOf(
  meta: TaskMeta,
  extended: boolean,
): Pick<TaskRow, 'name' | 'worker' | 'retries' | 'queue' | 'rb_group_id' | 'rb_parent_id' | 'rb_meta'> {
  const row: Record<string, string | number | null> = {};
  const rest: [string, unknown][] = [];
  for (const key of Object.keys(meta)) {
    const value = meta[key];
    if (value === undefined || ENCODED.has(key)) continue;
    const column = Object.hasOwn(TEXT_COLUMNS, key) ? TEXT_COLUMNS[key as keyof typeof TEXT_COLUMNS] : undefined;
    if (column !== undefined && typeof value === 'string' && fits(column, value)) row[column] = value;
    else if (key === 'retries' && (value as number) === ((value as number) | 0)) row.retries = value as number;
    else rest.push([key, value]);
  }
  const text = (column: TextColumn): string | null => (row[column] as string | undefined) ?? null;
  return {
    name: text('name'),
    worker: text('worker'),
    retries: (row.retries as number | undefined) ?? null,
    queue: text('queue'),
    rb_group_id: extended ? text('rb_group_id') : null,
    rb_parent_id: extended ? text('rb_parent_id') : null,
    rb_meta: extended && rest.length > 0 ? textOf(json.encode(Object.fromEntries(rest))) : null,
  };
}

/** Celery's columns are VARCHAR(155); ours take any length. */
const fits = (column: TextColumn, text: string): boolean => column.startsWith('rb_') || !isLonger(text, MAX_ID);

/**
 * What the columns say of `meta`.
 *
 * Column by column: a loop over their names takes several times as long. `!= null` also covers a table without the column.
 *
 * Errors: TypeError.
 */
export function metaOf(row: TaskRow, serializer: Serializer): TaskMeta {
  const meta: Record<string, unknown> = {};
  if (row.name != null) meta.name = checked(row.name, 'name');
  if (row.worker != null) meta.worker = checked(row.worker, 'worker');
  if (row.queue != null) meta.queue = checked(row.queue, 'queue');
  if (row.rb_group_id != null) meta.groupId = checked(row.rb_group_id, 'rb_group_id');
  if (row.rb_parent_id != null) meta.parentId = checked(row.rb_parent_id, 'rb_parent_id');
  if (row.retries !== null) meta.retries = wholeOf(row.retries);
  if (row.args !== null) meta.args = serializer.decode(dataOf(row.args, 'args'), { taskId: row.task_id });
  if (row.kwargs !== null) meta.kwargs = serializer.decode(dataOf(row.kwargs, 'kwargs'), { taskId: row.task_id });
  if (row.rb_children != null) meta.children = childrenOf(json.decode(checked(row.rb_children, 'rb_children')));
  return row.rb_meta == null ? meta : { ...meta, ...othersOf(json.decode(checked(row.rb_meta, 'rb_meta'))) };
}

/** SQLite stores a value of any type in any column. */
export function checked(value: unknown, column: string): string {
  if (typeof value !== 'string') throw new TypeError(`expected text as ${column}`);
  return value;
}

export function dataOf(value: Uint8Array, column: string): Uint8Array {
  if (typeof value === 'number') throw new TypeError(`expected bytes as ${column}`);
  return value;
}

function wholeOf(value: unknown): number {
  if (!Number.isInteger(value)) throw new TypeError('expected an integer as retries');
  return value as number;
}

function childrenOf(value: unknown): ResultNode[] {
  if (!Array.isArray(value)) throw new TypeError('expected a list as rb_children');
  return value.map((tuple) => ResultNode.fromTuple(tuple));
}

function othersOf(value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('expected an object as rb_meta');
  return value;
}

export const textOf = (data: string | Uint8Array): string =>
  typeof data === 'string' ? data : Buffer.from(data).toString();
