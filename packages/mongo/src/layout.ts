import {
  fromDocument,
  isResultError,
  json,
  type Refused,
  ResultError,
  type Serializer,
  splitMs,
  type TaskRecord,
  toDocument,
} from '@rb/core';
import { type BsonValues, dataOf, isPlainKey, isWellFormed, withMicroseconds } from './bson-values.js';
import { dateOf, deadlineOf } from './deadlines.js';
import type { Bson } from './driver.js';

/** A document without its `_id`, which is the task's id. */
export type Stored = Record<string, unknown>;

/** How records become documents, and back. */
export interface Layout {
  /** Names documents and serializer: equal names mean interchangeable documents. */
  readonly name: string;
  /** Errors: RB_ENCODE, RB_TOO_LARGE, naming the task. */
  encode(record: TaskRecord): Stored;
  /** @param bytes The document as the server sent it. */
  decode(bytes: Uint8Array, verbatim?: boolean): TaskRecord | Refused;
}

/** Celery that reads with `result_extended` wants each of them, null where there is none. */
const EXTENDED: ReadonlySet<string> = new Set(['name', 'args', 'kwargs', 'worker', 'retries', 'queue']);

/** The rest of a document is metadata. `__proto__` is nobody's. */
const READ_ALREADY: ReadonlySet<string> = new Set(['_id', 'result', 'date_done', '__proto__']);

/** Not the layout's business to interpret: what is written again is what was read. */
const LOSSLESS = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;
const READABLE = { useBigInt64: true, promoteBuffers: false } as const;

/**
 * Celery's documents, with fields of ours that it ignores: `rb_expires_at`; `rb_done_us`, microseconds; `rb_meta`, as JSON what
 * BSON cannot hold, or hold as the same.
 *
 * Source: celery/backends/mongodb.py `_store_result`.
 */
export function layoutOf(bson: Bson, values: BsonValues, serializer: Serializer, maxBytes: number): Layout {
  const name = `mongo/${serializer.name}`;
  const { toNative, fromNative, ofData } = values;

  const encode = (record: TaskRecord): Stored => {
    const { taskId, state, verbatim, doneAt, expiresAt } = record;
    if (!isWellFormed(taskId) || !isWellFormed(state))
      throw encodeError(taskId, 'its id or its state holds half a surrogate pair');
    if (verbatim?.layout === name) {
      const { _id, ...document } = naming(taskId, 'RB_ENCODE', () =>
        bson.deserialize(verbatim.data as Uint8Array, LOSSLESS),
      );
      // The deadline is the record's own: it may have been moved.
      if (expiresAt === null || expiresAt === undefined) delete document.rb_expires_at;
      else document.rb_expires_at = naming(taskId, 'RB_ENCODE', () => dateOf(expiresAt));
      return document;
    }
    const { result, date_done: isDone, task_id, ...fields } = toDocument(record, serializer);
    const done = isDone === null || doneAt === null ? null : splitMs(doneAt);
    // In Celery's order, which is for people.
    const stored: Stored = {
      status: null,
      result: encodedResult(taskId, result, expiresAt),
      traceback: null,
      children: null,
      date_done: done && new Date(done.epochMs),
    };
    for (const key of EXTENDED) stored[key] = null;
    const others: [string, unknown][] = [];
    for (const [key, value] of Object.entries(fields)) {
      const { value: native, exact } = toNative(value);
      const isOurs = key === '_id' || key.startsWith('rb_');
      if (!isOurs && isPlainKey(key)) stored[key] = native;
      if (isOurs || !isPlainKey(key) || !exact || (value === null && EXTENDED.has(key))) others.push([key, value]);
    }
    if (done && done.microseconds > 0) stored.rb_done_us = done.microseconds;
    if (others.length > 0) stored.rb_meta = naming(taskId, 'RB_ENCODE', () => json.encode(Object.fromEntries(others)));
    if (expiresAt !== null && expiresAt !== undefined)
      stored.rb_expires_at = naming(taskId, 'RB_ENCODE', () => dateOf(expiresAt));
    return stored;
  };

  const encodedResult = (taskId: string, result: unknown, expiresAt: number | null): unknown =>
    ofData(naming(taskId, 'RB_ENCODE', () => serializer.encode(result, { taskId, expiresAt })));

  const resultOf = (taskId: string, stored: unknown, expiresAt: number | null): unknown => {
    const data = dataOf(stored);
    return data === undefined ? fromNative(stored) : serializer.decode(data, { taskId, expiresAt });
  };

  const read = (taskId: string, document: Stored): TaskRecord => {
    const { rb_meta: meta, date_done: done } = document;
    const expiresAt = deadlineOf(document);
    const fields: Stored = {
      result: resultOf(taskId, document.result, expiresAt),
      date_done: done instanceof Date ? withMicroseconds(done, document.rb_done_us) : done,
    };
    for (const key of Object.keys(document)) {
      const value = document[key];
      if (!(READ_ALREADY.has(key) || key.startsWith('rb_') || (value === null && EXTENDED.has(key))))
        fields[key] = fromNative(value);
    }
    return fromDocument(
      taskId,
      typeof meta === 'string' ? { ...fields, ...(json.decode(meta) as object) } : fields,
      expiresAt,
    );
  };

  return {
    name,
    encode(record) {
      const stored = encode(record);
      const { taskId } = record;
      if (bson.calculateObjectSize({ _id: taskId, ...stored }) > maxBytes)
        throw new ResultError('RB_TOO_LARGE', `the document of task ${taskId} takes more than ${maxBytes} bytes`, {
          taskId,
        });
      return stored;
    },
    decode(bytes, verbatim = false) {
      let taskId = '';
      try {
        const document = deserialized(bson, bytes);
        taskId = String(document._id);
        const record = naming(taskId, 'RB_DECODE', () => read(taskId, document));
        return verbatim ? { ...record, verbatim: { layout: name, data: new Uint8Array(bytes) } } : record;
      } catch (error) {
        const refused = error as ResultError;
        return { taskId: refused.taskId ?? taskId, refused };
      }
    },
  };
}

/** Errors: RB_DECODE, naming the task, where a text is none: the server does not look into it. */
function deserialized(bson: Bson, bytes: Uint8Array): Stored {
  try {
    return bson.deserialize(bytes, READABLE);
  } catch {
    const taskId = String(bson.deserialize(bytes, { validation: { utf8: false } })._id);
    throw new ResultError('RB_DECODE', `task ${taskId}: its document holds text that is no UTF-8`, { taskId });
  }
}

const encodeError = (taskId: string, why: string): ResultError =>
  new ResultError('RB_ENCODE', `task ${taskId}: ${why}`, { taskId });

/** Errors: with `code`, naming the task; without what a foreign error says, which may quote the value. */
function naming<T>(taskId: string, code: 'RB_ENCODE' | 'RB_DECODE', work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isOurs = isResultError(error);
    const why = isOurs ? error.message : `what is stored is not what a record is (${(error as Error)?.name})`;
    throw new ResultError(code, `task ${taskId}: ${why}`, { taskId, ...(isOurs && { cause: error }) });
  }
}
