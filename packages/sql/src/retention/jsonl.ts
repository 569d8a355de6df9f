import { fromDocument, json, type TaskRecord, toDocument } from '@rb/core';
import { dateMs } from '../dates.js';
import { COLUMNS, type TaskRow, type TaskRowCodec } from '../task-row.js';

/** Of the format of a line. */
const VERSION = 1;

/**
 * A record as one line of JSON: Celery's meta document, as Redis holds it. Where it would not be stored again as the very
 * bytes that it is (a tuple, a set, Python's own pickles, what cannot be read at all) the line has the stored columns too.
 */
export function toLine(row: TaskRow, codec: TaskRowCodec): string {
  const plain = plainLine(row, codec);
  if (plain !== undefined && isExact(plain, row, codec)) return plain;
  return textOf({ version: VERSION, ...(plain !== undefined && parsed(plain)), verbatim: codec.verbatim(row) });
}

/**
 * The record of a line, with the stored columns where it has them.
 *
 * Errors: TypeError or RB_DECODE for what is no line of this format; neither quotes it.
 */
export function fromLine(line: string | Uint8Array, codec: TaskRowCodec): TaskRecord {
  const { version, expires_at: expiresAt = null, document, verbatim } = parsed(line);
  if (version !== VERSION) throw new TypeError(`expected version ${VERSION} of the format`);
  if (!isMs(expiresAt)) throw new TypeError('expected a number or null as expires_at');
  if (isObject(verbatim) && verbatim.layout === codec.layout) {
    const data = rowOf(verbatim.data);
    const { task_id: taskId, status, rb_expires_at } = data;
    const outcome = { result: null, traceback: null, doneAt: codec.doneAt(data), meta: {}, expiresAt: rb_expires_at };
    return { taskId, state: String(status), ...outcome, verbatim: { layout: codec.layout, data } };
  }
  if (!isObject(document)) throw new TypeError('expected a meta document, or the columns of this very layout');
  const { task_id: taskId } = document;
  if (typeof taskId !== 'string' || taskId === '') throw new TypeError('expected text as task_id');
  return fromDocument(taskId, document, expiresAt);
}

function plainLine(row: TaskRow, codec: TaskRowCodec): string | undefined {
  try {
    const record = codec.decode(row);
    return textOf({ version: VERSION, expires_at: record.expiresAt, document: toDocument(record, json) });
  } catch {
    return undefined; // It cannot be read, or JSON has no form for it.
  }
}

/** Whether what is restored from it would be the very bytes that are stored. */
function isExact(line: string, row: TaskRow, codec: TaskRowCodec): boolean {
  try {
    const stored = codec.verbatim(row).data as TaskRow;
    const restored = codec.encode(fromLine(line, codec));
    return COLUMNS.every((column) => isSame(stored[column] ?? null, restored[column] ?? null));
  } catch {
    return false;
  }
}

const isSame = (a: TaskRow[keyof TaskRow], b: TaskRow[keyof TaskRow]): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : a === b;

const textOf = (value: unknown): string => String(json.encode(value));

function parsed(line: string | Uint8Array): Readonly<Record<string, unknown>> {
  const value = json.decode(line);
  if (!isObject(value)) throw new TypeError('expected an object');
  return value;
}

const BYTES: ReadonlySet<string> = new Set(['result', 'args', 'kwargs']);
const NUMBERS: ReadonlySet<string> = new Set(['retries', 'rb_expires_at']);

/** Checked, as it goes into the database without being decoded. */
function rowOf(data: unknown): TaskRow {
  if (!isObject(data)) throw new TypeError('expected an object of columns');
  const row = Object.fromEntries(COLUMNS.map((column) => [column, data[column] ?? null]));
  for (const [column, value] of Object.entries(row)) {
    const fits = NUMBERS.has(column)
      ? isMs(value)
      : value === null || typeof value === 'string' || (BYTES.has(column) && value instanceof Uint8Array);
    if (!fits) throw new TypeError(`expected another type as ${column}`);
  }
  if (typeof row.task_id !== 'string' || row.task_id === '') throw new TypeError('expected text as task_id');
  if (row.date_done !== null) dateMs(row.date_done as string);
  return row as unknown as TaskRow;
}

const isMs = (value: unknown): value is number | null =>
  value === null || (typeof value === 'number' && Number.isFinite(value));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
