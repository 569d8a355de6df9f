import type { TaskMeta, TaskRecord } from './contract.js';
import { isResultError, ResultError } from './errors.js';
import { prepareResult, restoreResult } from './exceptions.js';
import { formatIso, fractionalMs, parseIsoDateTime, splitMs } from './iso.js';
import { itemsOf } from './items.js';
import { setOwn } from './own.js';
import { ResultNode } from './result-node.js';
import type { Serializer } from './serializer.js';
import { isReady } from './states.js';
import { isKind } from './values.js';

/**
 * A record as Celery's meta document: its keys, in its order, `date_done` as Celery 5.5 and later write it.
 *
 * @param serializer Given: exception arguments that it cannot carry become text.
 * Errors: RB_ENCODE for a `doneAt` that no date can hold, and for a key of `meta` that belongs to the document itself.
 * Source: celery/backends/base.py `_get_result_meta`.
 */
export function toDocument(record: TaskRecord, serializer?: Serializer): Record<string, unknown> {
  const { taskId, state, meta } = record;
  const document: Record<string, unknown> = {
    status: state,
    result: prepareResult(state, record.result, serializer),
    traceback: record.traceback,
    children: meta.children?.map((node) => node.toTuple()) ?? meta.malformedChildren ?? null,
    date_done: dateDone(record),
  };
  for (const [key, ours] of META_KEYS) if (meta[ours] !== undefined) document[key] = meta[ours];
  for (const [key, value] of Object.entries(meta)) {
    if (value === undefined || WRITTEN.has(key)) continue;
    if (DOCUMENT_KEYS.has(key))
      throw refused('RB_ENCODE', taskId, `its meta has the key ${key} of the document itself`);
    setOwn(document, SWAPPED.get(key) ?? key, value);
  }
  document.task_id = taskId;
  return document;
}

/**
 * The record that a meta document holds, as any Celery from 5.2 on stores it. Missing keys read as absent, unknown ones
 * (each stamp is one) are kept in `meta`. Children that are no result tuples are kept there too, as `malformedChildren`.
 *
 * Errors: RB_DECODE where the document is no object, or has no text as `status`.
 */
export function fromDocument(taskId: string, document: unknown, expiresAt: number | null): TaskRecord {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw refused('RB_DECODE', taskId, 'what is stored is no meta document');
  }
  const fields = document as Readonly<Record<string, unknown>>;
  const { status, result, traceback, children, date_done } = fields;
  if (typeof status !== 'string') throw refused('RB_DECODE', taskId, 'the meta document has no status');
  const meta: Record<string, unknown> = {};
  if (children !== null && children !== undefined) Object.assign(meta, restoreChildren(children));
  for (const key of Object.keys(fields)) {
    if (DOCUMENT_KEYS.has(key)) continue;
    const value = fields[key];
    const ours = SWAPPED.get(key);
    // Celery leaves these three out where it has none, so null means the same.
    if (ours === undefined || value !== null) setOwn(meta, ours ?? key, value);
  }
  return {
    taskId,
    state: status,
    result: restoreResult(status, result),
    traceback: typeof traceback === 'string' ? traceback : null,
    doneAt: isReady(status) ? doneAtOf(date_done) : null,
    meta,
    expiresAt,
  };
}

/** Errors: RB_ENCODE, naming the task. */
export function encodeRecord(record: TaskRecord, serializer: Serializer): string | Uint8Array {
  const document = toDocument(record, serializer);
  const { taskId, expiresAt } = record;
  return naming(taskId, 'RB_ENCODE', () => serializer.encode(document, { taskId, expiresAt }));
}

/** Errors: RB_DECODE, naming the task. */
export function decodeRecord(
  taskId: string,
  data: string | Uint8Array,
  serializer: Serializer,
  expiresAt: number | null,
): TaskRecord {
  const document = naming(taskId, 'RB_DECODE', () => serializer.decode(data, { taskId, expiresAt }));
  return fromDocument(taskId, document, expiresAt);
}

const DOCUMENT_KEYS: ReadonlySet<string> = new Set([
  'status',
  'result',
  'traceback',
  'children',
  'date_done',
  'task_id',
]);

/** The optional keys in Celery's order, each with our name. */
const META_KEYS: ReadonlyMap<string, string> = new Map([
  ['group_id', 'groupId'],
  ['parent_id', 'parentId'],
  ['name', 'name'],
  ['args', 'args'],
  ['kwargs', 'kwargs'],
  ['worker', 'worker'],
  ['retries', 'retries'],
  ['queue', 'queue'],
  ['stamped_headers', 'stampedHeaders'],
]);

const WRITTEN: ReadonlySet<string> = new Set([...META_KEYS.values(), 'children', 'malformedChildren']);

/**
 * A stamp may be called `groupId`, which is not Celery's `group_id`. So that neither takes the other's place, the names
 * that differ change places, and the same exchange leads back.
 */
const SWAPPED: ReadonlyMap<string, string> = new Map(
  [...META_KEYS].filter(([key, ours]) => key !== ours).flatMap(([key, ours]) => [[key, ours] as const, [ours, key]]),
);

function restoreChildren(children: unknown): TaskMeta {
  try {
    const nodes = itemsOf(children)?.map((tuple) => ResultNode.fromTuple(tuple));
    return nodes ? { children: nodes } : { malformedChildren: children };
  } catch {
    return { malformedChildren: children };
  }
}

/** Always with six digits: Celery 5.2 and 5.3 read three as microseconds. */
function dateDone({ taskId, state, doneAt }: TaskRecord): string | null {
  if (!isReady(state) || doneAt === null) return null;
  const { epochMs, microseconds } = splitMs(doneAt);
  try {
    return formatIso(epochMs, microseconds, 0, true);
  } catch {
    throw refused('RB_ENCODE', taskId, 'its doneAt is outside of the years 1 to 9999');
  }
}

/** Serializers with a date type of their own may give a Date. What is no date reads as none. */
function doneAtOf(date: unknown): number | null {
  if (date instanceof Date) {
    const microseconds = isKind(date, 'datetime') ? date.microseconds : 0;
    return Number.isNaN(date.getTime()) ? null : date.getTime() + microseconds / 1_000;
  }
  try {
    return typeof date === 'string' ? fractionalMs(parseIsoDateTime(date)) : null;
  } catch {
    return null;
  }
}

const refused = (code: 'RB_ENCODE' | 'RB_DECODE', taskId: string, why: string, cause?: unknown): ResultError =>
  new ResultError(code, `task ${taskId}: ${why}`, { taskId, cause });

function naming<T>(taskId: string, code: 'RB_ENCODE' | 'RB_DECODE', work: () => T): T {
  try {
    return work();
  } catch (error) {
    // Serializers promise errors without the payload; what else is thrown may quote it and is dropped.
    if (isResultError(error)) throw refused(code, taskId, error.message, error);
    throw refused(code, taskId, `its serializer threw ${error instanceof Error ? error.name : `a ${typeof error}`}`);
  }
}
