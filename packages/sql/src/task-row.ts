import {
  isKind,
  isReady,
  json,
  prepareResult,
  ResultError,
  ResultNode,
  restoreResult,
  type Serializer,
  type TaskMeta,
  type TaskRecord,
  Tuple,
  type Verbatim,
} from '@rb/core';
import { isPickle, pickleSerializer } from '@rb/serializers/pickle';
import { dateMs, dateText } from './dates.js';
import type { SqlRow, SqlValue } from './executor.js';
import { isLonger, MAX_ID } from './limits.js';
import type { Dates } from './zones.js';

/** Up to what databases take at all: whether a record is too large is not decided here. */
const pickle = pickleSerializer({ maxBytes: 1_000_000_000 });

/** Columns that Celery creates and writes. Source: celery/backends/database/models.py. */
export const CELERY_COLUMNS = [
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
] as const;

/** Ours: additive and nullable, and with a prefix, so that no column of a future Celery can have the name. */
export const EXTENSION_COLUMNS = ['rb_expires_at', 'rb_group_id', 'rb_parent_id', 'rb_children', 'rb_meta'] as const;

export const COLUMNS: readonly string[] = [...CELERY_COLUMNS, ...EXTENSION_COLUMNS];

/** A row of a task table by its columns, for statements that are told which ones there are. */
export interface StoredRow {
  readonly task_id: string;
  readonly [column: string]: SqlValue;
}

/** One row of Celery's table, the same for every database; `date_done` is text as SQLAlchemy writes it to SQLite, in the zone of the store. */
export interface TaskRow extends StoredRow {
  readonly task_id: string;
  readonly status: string | null;
  /** A pickle; null for None. */
  readonly result: Uint8Array | null;
  readonly date_done: string | null;
  readonly traceback: string | null;
  readonly name: string | null;
  readonly args: Uint8Array | null;
  readonly kwargs: Uint8Array | null;
  readonly worker: string | null;
  readonly retries: number | null;
  readonly queue: string | null;
  /** Unix milliseconds. */
  readonly rb_expires_at: number | null;
  readonly rb_group_id: string | null;
  readonly rb_parent_id: string | null;
  /** JSON: Celery's result tuples. */
  readonly rb_children: string | null;
  /** JSON: whatever of `meta` no column holds, explicit nulls included. */
  readonly rb_meta: string | null;
  /** `date_done` in UTC and with its fraction, where the database's own has neither for sure. */
  readonly rb_done_at: string | null;
}

export interface RowCodec {
  /** Errors: RB_ENCODE naming the task. */
  encode(record: TaskRecord): StoredRow;
  /** Errors: RB_DECODE naming the task. */
  decode(row: StoredRow, verbatim?: boolean): TaskRecord;
}

export interface TaskRowCodec extends RowCodec {
  /** Of the stored form: see `Verbatim`. */
  readonly layout: string;
  encode(record: TaskRecord): TaskRow;
  verbatim(row: TaskRow): Verbatim;
  /** Unix milliseconds; null where it is not ready. Errors: TypeError where it is no date. */
  doneAt(row: TaskRow): number | null;
}

/**
 * TaskRecord <-> row. A key of `meta` goes to its column where the column can say it, and to `rb_meta` where it cannot.
 *
 * @param extended False for exactly Celery's columns: what has none is dropped.
 */
export function taskRowCodec(serializer: Serializer, extended: boolean, dates: Dates): TaskRowCodec {
  const layout = `celery-sql${extended ? '+rb' : ''}/${serializer.name}${dates.zone && `@${dates.zone}`}`;

  const encode = (record: TaskRecord): TaskRow => {
    const { taskId, state, result, traceback, doneAt, meta, expiresAt = null, verbatim } = record;
    const done = isReady(state) && doneAt !== null ? dateText(doneAt) : null;
    if (verbatim?.layout === layout)
      return { ...(verbatim.data as TaskRow), task_id: taskId, rb_expires_at: expiresAt, rb_done_at: done };
    const prepared = asPickled(prepareResult(state, result, pickle), result);
    const { args, kwargs, children, ...rest } = meta;
    return {
      task_id: taskId,
      status: state,
      result: prepared === null ? null : bytesOf(pickle.encode(prepared)),
      date_done: dates.zone === '' || done === null ? done : dates.text(doneAt as number),
      rb_done_at: done,
      traceback,
      ...columnsOf(rest, extended),
      args: args === undefined ? null : bytesOf(serializer.encode(args, { taskId, expiresAt })),
      kwargs: kwargs === undefined ? null : bytesOf(serializer.encode(kwargs, { taskId, expiresAt })),
      rb_expires_at: extended ? expiresAt : null,
      rb_children: extended && children ? textOf(json.encode(children)) : null,
    };
  };

  const doneAt = (row: TaskRow): number | null => (isReady(row.status ?? '') ? doneMs(row, dates) : null);

  const decode = (row: TaskRow, verbatim = false): TaskRecord => {
    const { task_id: taskId, status } = row;
    if (typeof status !== 'string') throw new TypeError('expected text as status');
    checkColumns(row);
    const record = {
      taskId,
      state: status,
      result: row.result === null ? null : restoreResult(status, resultOf(row.result, serializer)),
      traceback: row.traceback,
      doneAt: doneAt(row),
      meta: metaOf(row, serializer),
      // A column of a table that Celery made is absent, not null.
      expiresAt: row.rb_expires_at ?? null,
    };
    return verbatim ? { ...record, verbatim: verbatimOf(row, layout, dates) } : record;
  };

  return {
    layout,
    verbatim: (row) => verbatimOf(row, layout, dates),
    doneAt,
    encode: (record) => named(record.taskId, 'RB_ENCODE', 'cannot be stored', () => encode(record)),
    decode: (row, verbatim) =>
      named(row.task_id, 'RB_DECODE', 'cannot be read', () => decode(row as TaskRow, verbatim)),
  };
}

/** Columns that may hold much, of any layout. */
export const LONG: readonly string[] = [
  ...['result', 'traceback', 'args', 'kwargs', 'rb_group_id', 'rb_parent_id', 'rb_children', 'rb_meta'],
  ...['meta', 'task_args', 'task_kwargs'],
];

/** Bytes and characters of the long values of a row, roughly what it takes in a statement. */
export function lengthOf(row: StoredRow): number {
  let length = 0;
  for (const column of LONG) {
    const value = row[column];
    if (typeof value === 'string' || value instanceof Uint8Array) length += value.length;
  }
  return length;
}

/** Whether a row's values take more bytes than that; fixed columns and separators are left out. */
export function isLarger(row: StoredRow, columns: readonly string[], maxBytes: number): boolean {
  // A character takes three bytes at most, so nearly every row need not be measured.
  return sum(row, columns, (text) => text.length * 3) > maxBytes && sum(row, columns, Buffer.byteLength) > maxBytes;
}

function sum(row: StoredRow, columns: readonly string[], measure: (text: string) => number): number {
  let bytes = 0;
  for (const column of columns) {
    const value = row[column];
    if (typeof value === 'string') bytes += measure(value);
    else if (value instanceof Uint8Array) bytes += value.byteLength;
  }
  return bytes;
}

/** Celery pickles the arguments of an exception as the tuple that they are in Python. */
function asPickled(prepared: unknown, result: unknown): unknown {
  if (prepared === result || !isKind(result, 'error')) return prepared;
  const exception = prepared as { readonly exc_message: readonly unknown[] };
  return { ...exception, exc_message: new Tuple(exception.exc_message) };
}

/** SQLite stores a value of any type in any column. */
function checkColumns(row: TaskRow): void {
  for (const column of TEXTS)
    if (row[column] != null && typeof row[column] !== 'string') throw new TypeError(`expected text as ${column}`);
  for (const column of ['result', 'args', 'kwargs'] as const)
    if (typeof row[column] === 'number') throw new TypeError(`expected bytes as ${column}`);
  if (row.retries !== null && !Number.isInteger(row.retries)) throw new TypeError('expected an integer as retries');
  if (row.rb_expires_at != null && typeof row.rb_expires_at !== 'number')
    throw new TypeError('expected a number as rb_expires_at');
}

const TEXT_COLUMNS = {
  name: 'name',
  worker: 'worker',
  queue: 'queue',
  groupId: 'rb_group_id',
  parentId: 'rb_parent_id',
} as const;
type TextColumn = (typeof TEXT_COLUMNS)[keyof typeof TEXT_COLUMNS];
const TEXTS = ['traceback', ...Object.values(TEXT_COLUMNS), 'rb_children', 'rb_meta'] as const;
const TEXT_ENTRIES = Object.entries(TEXT_COLUMNS) as readonly [string, TextColumn][];

function columnsOf(meta: TaskMeta, extended: boolean) {
  const row: Record<string, string | number | null> = {};
  const rest: [string, unknown][] = [];
  for (const [key, value] of Object.entries(meta)) {
    if (value === undefined) continue;
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

function metaOf(row: TaskRow, serializer: Serializer): TaskMeta {
  const meta: Record<string, unknown> = {};
  for (const [key, column] of TEXT_ENTRIES) if (row[column] != null) meta[key] = row[column];
  if (row.retries !== null) meta.retries = row.retries;
  const context = { taskId: row.task_id };
  if (row.args !== null) meta.args = serializer.decode(row.args, context);
  if (row.kwargs !== null) meta.kwargs = serializer.decode(row.kwargs, context);
  // `== null` also covers a table without the column.
  if (row.rb_children != null) meta.children = childrenOf(json.decode(row.rb_children));
  return row.rb_meta == null ? meta : { ...meta, ...othersOf(json.decode(row.rb_meta)) };
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

/** Celery pickles. What another tool put there as the serializer's text is understood too. */
const resultOf = (data: Uint8Array | string, serializer: Serializer): unknown =>
  data instanceof Uint8Array && isPickle(data) ? pickle.decode(data) : serializer.decode(data);

/** Errors: TypeError where it is no date. */
export function doneMs({ date_done: done, rb_done_at: exact }: SqlRow, dates: Dates): number | null {
  if (typeof exact === 'string') return dateMs(exact);
  return done == null ? null : dates.ms(String(done));
}

/** Only our columns, as plain bytes: the driver's classes and bookkeeping stay behind. */
function verbatimOf(row: TaskRow, layout: string, dates: Dates): Verbatim {
  const { rb_done_at: exact } = row;
  const whole = exact == null ? row : { ...row, date_done: dates.text(dateMs(exact)) };
  const columns = COLUMNS.map((column) => {
    const value = whole[column] ?? null;
    return [column, value instanceof Uint8Array ? new Uint8Array(value) : value];
  });
  return { layout, data: Object.fromEntries(columns) };
}

const bytesOf = (data: string | Uint8Array): Uint8Array => (typeof data === 'string' ? Buffer.from(data) : data);
const textOf = (data: string | Uint8Array): string => (typeof data === 'string' ? data : Buffer.from(data).toString());

export function named<T>(taskId: string, code: 'RB_ENCODE' | 'RB_DECODE', fails: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown reason';
    throw new ResultError(code, `the record of task ${taskId} ${fails}: ${reason}`, { cause, taskId });
  }
}
