import type { StoredForm, Vector } from '@rb/conformance';
import { DateTime, RemoteError, ResultNode, type TaskRecord } from '@rb/core';
import type { Row } from '../../conformance/vectors.ts';

/** Without an offset: each database's own reading of it is UTC. */
const DATE = '2024-11-22 17:03:59.460545';
const DATE_MS = Date.UTC(2024, 10, 22, 17, 3, 59) + 460.545;

/** What the oracle's `django_row` showed, of rows that django-celery-results 2.6.0 stored for Celery 5.6.3. */
const ROW: Row = {
  content_type: 'application/json',
  content_encoding: 'utf-8',
  date_created: DATE,
  date_done: DATE,
  meta: '{"children": null}',
};

const REQUESTED: Row = {
  task_name: 'proj.add',
  worker: 'w@host',
  task_args: '"(1, \'zw\\u00f6\')"',
  task_kwargs: '"{\'x\': None}"',
  periodic_task_name: 'every',
  meta: '{"children": [[["c", null], null]]}',
};
const REQUESTED_META = {
  name: 'proj.add',
  worker: 'w@host',
  args: "(1, 'zwö')",
  kwargs: "{'x': None}",
  periodicTaskName: 'every',
  children: [new ResultNode('c')],
};

const FAILED = '{"exc_type": "KeyError", "exc_message": ["k"], "exc_module": "builtins"}';
const ERROR = new RemoteError('KeyError', 'builtins', ['k']);

const vector = (name: string, row: Row, record: Partial<TaskRecord>): Vector => ({
  name,
  stored: { ...ROW, task_id: name, ...row },
  // The document in `meta` is written with a part of our own.
  readOnly: true,
  record: {
    taskId: name,
    state: String(row.status),
    result: null,
    traceback: null,
    doneAt: DATE_MS,
    expiresAt: null,
    ...record,
    meta: { createdAt: DATE_MS, ...record.meta },
  },
});

export const DJANGO_VECTORS: readonly Vector[] = [
  vector(
    'success',
    { status: 'SUCCESS', result: '{"x": [1, {"__type__": "datetime", "__value__": "2024-01-02T03:04:05+00:00"}]}' },
    {
      result: { x: [1, DateTime.fromIso('2024-01-02T03:04:05+00:00')] },
    },
  ),
  vector('success with a request', { status: 'SUCCESS', result: 'null', ...REQUESTED }, { meta: REQUESTED_META }),
  vector('failure', { status: 'FAILURE', result: FAILED, traceback: 'TB' }, { result: ERROR, traceback: 'TB' }),
  vector(
    'retry',
    { status: 'RETRY', result: FAILED, traceback: 'TB', ...REQUESTED },
    {
      ...{ result: ERROR, traceback: 'TB', doneAt: null, meta: REQUESTED_META },
    },
  ),
  vector(
    'started',
    { status: 'STARTED', result: '{"pid": 1}', date_started: DATE },
    {
      ...{ result: { pid: 1 }, doneAt: null, meta: { startedAt: DATE_MS } },
    },
  ),
  vector('progress', { status: 'PROGRESS', result: '{"n": 1}' }, { result: { n: 1 }, doneAt: null }),
  // Of versions before 2.0, which stored what Python prints.
  vector(
    'arguments as printed',
    { status: 'SUCCESS', result: 'null', task_args: '(1, 2)', task_kwargs: "{'a': 1}" },
    {
      meta: { args: '(1, 2)', kwargs: "{'a': 1}" },
    },
  ),
  // Made in the admin.
  vector('nothing but a state', { status: 'REVOKED', content_type: '', content_encoding: '', meta: null }, {}),
];

/** By workers with another `result_serializer`. */
export const DJANGO_FOREIGN: readonly StoredForm[] = [
  {
    name: 'pickle',
    stored: {
      ...{ ...ROW, status: 'SUCCESS', content_type: 'application/x-python-serialize', content_encoding: 'binary' },
      ...{ result: 'gASVCgAAAAAAAAB9lIwBeJRLAXMu', meta: 'gASVHAAAAAAAAAB9lIwIY2hpbGRyZW6UXZSMAWOUToaUToaUYXMu' },
    },
  },
  {
    name: 'yaml',
    stored: {
      ...ROW,
      status: 'SUCCESS',
      content_type: 'application/x-yaml',
      result: 'x: 1\n',
      meta: 'children: null\n',
    },
  },
];

const DEPTH = 10_000;

/** Not the arguments: what cannot be read of them is taken as printed, which is as harmless as its length. */
export const DJANGO_BOMBS: readonly StoredForm[] = ['result', 'meta'].map((column) => ({
  name: `${column} nested 10,000 deep`,
  stored: { ...ROW, status: 'SUCCESS', result: 'null', [column]: '['.repeat(DEPTH) + ']'.repeat(DEPTH) },
}));

export const DJANGO_GARBAGE: Row = { ...ROW, status: 'SUCCESS', result: '{"x": ' };
