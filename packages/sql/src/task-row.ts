import {
  isKind,
  isReady,
  json,
  prepareResult,
  ResultError,
  restoreResult,
  type Serializer,
  type TaskRecord,
  Tuple,
  type Verbatim,
} from '@rb/core';
import { isPickle, pickleSerializer } from '@rb/serializers/pickle';
import { dateMs, dateText, microsMs } from './dates.js';
import type { SqlRow, SqlValue } from './executor.js';
import { checked, columnsOf, dataOf, metaOf, textOf } from './meta-columns.js';
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
    const { args, kwargs, children } = meta;
    return {
      task_id: taskId,
      status: state,
      result: prepared === null ? null : bytesOf(pickle.encode(prepared)),
      date_done: dates.zone === '' || done === null ? done : dates.text(doneAt as number),
      rb_done_at: done,
      traceback,
      ...columnsOf(meta, extended),
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
    const record = {
      taskId,
      state: status,
      result: row.result === null ? null : restoreResult(status, resultOf(dataOf(row.result, 'result'), serializer)),
      traceback: row.traceback == null ? null : checked(row.traceback, 'traceback'),
      doneAt: doneAt(row),
      meta: metaOf(row, serializer),
      expiresAt: expiryOf(row.rb_expires_at),
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

/** Bytes and characters of the long values of a row of any layout, roughly what it takes in a statement. Runs for each record stored. */
export function lengthOf(row: StoredRow): number {
  const { result, traceback, args, kwargs } = row;
  const ofCelery = size(result) + size(traceback) + size(args) + size(kwargs);
  const ours = size(row.rb_group_id) + size(row.rb_parent_id) + size(row.rb_children) + size(row.rb_meta);
  return ofCelery + ours + size(row.meta) + size(row.task_args) + size(row.task_kwargs);
}

const size = (value: SqlValue | undefined): number =>
  typeof value === 'string' || value instanceof Uint8Array ? value.length : 0;

/** More than the other columns of any layout hold, in characters. */
const SHORT_COLUMNS = 3_000;
/** Of a character of JavaScript in UTF-8, at most. */
const CHAR_BYTES = 3;

/** Whether a row's values take more bytes than that; fixed columns and separators are left out. */
export function isLarger(row: StoredRow, columns: readonly string[], maxBytes: number): boolean {
  // So nearly every row need not be measured.
  if ((lengthOf(row) + SHORT_COLUMNS) * CHAR_BYTES <= maxBytes) return false;
  let bytes = 0;
  for (const column of columns) {
    const value = row[column];
    if (typeof value === 'string') bytes += Buffer.byteLength(value);
    else if (value instanceof Uint8Array) bytes += value.byteLength;
  }
  return bytes > maxBytes;
}

/** Celery pickles the arguments of an exception as the tuple that they are in Python. */
function asPickled(prepared: unknown, result: unknown): unknown {
  if (prepared === result || !isKind(result, 'error')) return prepared;
  const exception = prepared as { readonly exc_message: readonly unknown[] };
  return { ...exception, exc_message: new Tuple(exception.exc_message) };
}

/** A column of a table that Celery made is absent, not null. */
function expiryOf(value: unknown): number | null {
  if (value == null) return null;
  if (typeof value !== 'number') throw new TypeError('expected a number as rb_expires_at');
  return value;
}

/** Celery pickles. What another tool put there as the serializer's text is understood too. */
const resultOf = (data: Uint8Array | string, serializer: Serializer): unknown =>
  data instanceof Uint8Array && isPickle(data) ? pickle.decode(data) : serializer.decode(data);

/**
 * @param row Columns `date_done`, `rb_done_at`; or in place of the first `rb_done_us`, which a database tells more quickly: its
 *   date and time in microseconds since 1970, as if it were in UTC.
 *
 * Errors: TypeError where it is no date.
 */
export function doneMs({ date_done: done, rb_done_at: exact, rb_done_us: us }: SqlRow, dates: Dates): number | null {
  if (typeof us === 'number') return dates.instant(microsMs(us));
  if (typeof exact === 'string') return dateMs(exact);
  return done == null ? null : dates.ms(String(done));
}

/** Only our columns, as plain bytes: the driver's classes and bookkeeping stay behind. */
function verbatimOf(row: TaskRow, layout: string, dates: Dates): Verbatim {
  const { date_done: done = null, rb_done_at: exact, rb_done_us: us } = row as StoredRow;
  const text = typeof us === 'number' ? dateText(microsMs(us)) : done;
  const whole: StoredRow = { ...row, date_done: typeof exact === 'string' ? dates.text(dateMs(exact)) : text };
  const columns = COLUMNS.map((column) => {
    const value = whole[column] ?? null;
    return [column, value instanceof Uint8Array ? new Uint8Array(value) : value];
  });
  return { layout, data: Object.fromEntries(columns) };
}

const bytesOf = (data: string | Uint8Array): Uint8Array => (typeof data === 'string' ? Buffer.from(data) : data);

export function named<T>(taskId: string, code: 'RB_ENCODE' | 'RB_DECODE', fails: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown reason';
    throw new ResultError(code, `the record of task ${taskId} ${fails}: ${reason}`, { cause, taskId });
  }
}
