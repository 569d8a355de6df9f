import { fromDocument, isReady, type Serializer, type TaskRecord, toDocument, type Verbatim } from '@rb/core';
import { dateMs, dateText } from '../dates.js';
import type { SqlValue } from '../executor.js';
import { isLonger } from '../limits.js';
import { doneMs, named, type RowCodec, type StoredRow } from '../task-row.js';
import type { Dates } from '../zones.js';
import { type Content, decodeContent, encodeContent } from './content.js';
import { DJANGO, DJANGO_COLUMNS } from './layout.js';

/** Rows tell how they are to be read, so that those of all serializers can be moved as they are. */
const VERBATIM = 'django-celery-results';

/** Our own part of the `meta` document; only rows that this package wrote have it. */
const OWN = 'rb_meta';

/** Columns that hold a key of `meta` as it is, with their characters. */
const TEXTS: ReadonlyMap<string, readonly [column: string, limit: number]> = new Map([
  ['name', ['task_name', 255]],
  ['worker', ['worker', 100]],
  ['periodicTaskName', ['periodic_task_name', 255]],
]);
/** Columns that have a date also where the record has none, so that `rb_meta` must tell. */
const DATES = { createdAt: 'date_created', startedAt: 'date_started' } as const;

/** What Django's backend would take for a column. Source: its `_get_task_meta_for`. */
const TAKEN: ReadonlySet<string> = new Set([
  ...['name', 'worker', 'args', 'kwargs', 'task_name', 'task_args', 'task_kwargs', OWN],
  ...['periodicTaskName', ...Object.keys(DATES)],
]);

type Document = Readonly<Record<string, unknown>>;

/** TaskRecord <-> row of django_celery_results_taskresult. */
export function djangoRowCodec(serializer: Serializer, extended: boolean, dates: Dates, now: () => number): RowCodec {
  const encode = (record: TaskRecord): StoredRow => {
    const { taskId, state, traceback, meta, expiresAt = null, verbatim } = record;
    const doneAt = isReady(state) ? record.doneAt : null;
    const ours = { rb_expires_at: extended ? expiresAt : null, rb_done_at: doneAt === null ? null : dateText(doneAt) };
    if (verbatim?.layout === VERBATIM) return { ...writtenBack(verbatim, dates), ...ours, task_id: taskId };
    const { result, args, kwargs, ...others } = toDocument(record, serializer);
    const { columns, rest, own } = parted(others);
    const document = { ...rest, [OWN]: isReady(state) && doneAt === null ? { ...own, doneAt } : own };
    const content = { result, meta: document, task_args: args, task_kwargs: kwargs };
    const written = dates.text(now());
    const dateOf = (ms: unknown): string | null => (typeof ms === 'number' ? dates.text(ms) : null);
    return {
      ...{ task_id: taskId, status: state, traceback },
      ...encodeContent(content, serializer, { taskId, expiresAt }),
      ...columns,
      // As Django's backend has it: never NULL, and of no meaning before the task is ready.
      date_done: dateOf(doneAt) ?? written,
      date_created: dateOf(meta.createdAt) ?? written,
      date_started: dateOf(meta.startedAt) ?? (state === 'STARTED' ? written : null),
      ...ours,
    };
  };

  const decode = (row: StoredRow, verbatim = false): TaskRecord => {
    const { task_id: taskId, status, traceback } = row;
    const content = row as unknown as Content;
    const read = (text: unknown): unknown => decodeContent(text, content, serializer, { taskId });
    const result = read(row.result);
    const { [OWN]: own, ...document } = objectOf(read(row.meta) ?? {});
    const fields = {
      ...document,
      ...columnsOf(row, own === undefined ? dates : undefined),
      ...argumentsOf(row, content, read),
      ...{ status, result, traceback },
    };
    const { doneAt: undated, ...others } = objectOf(own ?? {});
    const { meta, ...record } = fromDocument(taskId, fields, expiryOf(row.rb_expires_at));
    return {
      ...record,
      doneAt: isReady(record.state) && undated !== null ? doneMs(row, dates) : null,
      meta: { ...meta, ...others },
      ...(verbatim && { verbatim: verbatimOf(row, dates) }),
    };
  };

  return {
    encode: (record) => named(record.taskId, 'RB_ENCODE', 'cannot be stored', () => encode(record)),
    decode: (row, verbatim) => named(row.task_id, 'RB_DECODE', 'cannot be read', () => decode(row, verbatim)),
  };
}

/** A document by where each of its keys goes: to a column, to the document in the column `meta`, or to our part of that. */
function parted({ status: _, traceback: _1, date_done: _2, task_id: _3, ...document }: Document) {
  const columns: Record<string, string | null> = {};
  const [rest, own]: [string, unknown][][] = [[], []];
  for (const [column] of TEXTS.values()) columns[column] = null;
  for (const [key, value] of Object.entries(document)) {
    const [column, limit] = TEXTS.get(key) ?? [];
    if (column !== undefined && typeof value === 'string' && !isLonger(value, limit ?? 0)) columns[column] = value;
    else (TAKEN.has(key) ? own : rest)?.push([key, value]);
  }
  return { columns, rest: Object.fromEntries(rest ?? []), own: Object.fromEntries(own ?? []) };
}

/** @param dates Given: the dates count too. */
function columnsOf(row: StoredRow, dates: Dates | undefined): Document {
  const texts = [...TEXTS].map(([key, [column]]) => [key, row[column]]);
  const times = Object.entries(dates ? DATES : {}).map(([key, column]) => {
    const text = row[column];
    return [key, text == null ? null : dates?.ms(String(text))];
  });
  return Object.fromEntries([...texts, ...times].filter(([, value]) => value != null));
}

/** Before they were encoded, Django's backend stored the text that Python prints for them. */
function argumentsOf(row: StoredRow, { content_encoding }: Content, read: (text: unknown) => unknown): Document {
  const readable = (text: SqlValue | undefined): unknown => {
    try {
      return read(text);
    } catch (error) {
      if (content_encoding === 'binary' || typeof text !== 'string') throw error;
      return text;
    }
  };
  const values = { args: readable(row.task_args), kwargs: readable(row.task_kwargs) };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function objectOf(value: unknown): Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('expected an object as meta');
  return value as Document;
}

function expiryOf(value: SqlValue | undefined): number | null {
  if (value == null) return null;
  if (typeof value !== 'number') throw new TypeError('expected a number as rb_expires_at');
  return value;
}

/** Every column but the id, dates in UTC. */
function verbatimOf(row: StoredRow, dates: Dates): Verbatim {
  const columns = DJANGO_COLUMNS.map((column) => {
    const value = row[column] ?? null;
    const exact = column === 'date_done' ? row.rb_done_at : null;
    return [column, value !== null && DJANGO.dates.has(column) ? (exact ?? dateText(dates.ms(String(value)))) : value];
  });
  return { layout: VERBATIM, data: Object.fromEntries(columns) };
}

function writtenBack({ data }: Verbatim, dates: Dates): Readonly<Record<string, SqlValue>> {
  const columns = Object.entries(data as Readonly<Record<string, SqlValue>>).map(([column, value]) => {
    return [column, typeof value === 'string' && DJANGO.dates.has(column) ? dates.text(dateMs(value)) : value];
  });
  return Object.fromEntries(columns);
}
