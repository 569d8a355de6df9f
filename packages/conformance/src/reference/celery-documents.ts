import { DateTime, Decimal, RemoteError, ResultNode, type TaskRecord, Uuid } from '@rb/core';
import type { StoredForm, Vector } from '../harness.js';

/** What real Celery stored in Redis with its JSON serializer, byte for byte, and the records that this means. */
export const CELERY_DOCUMENTS: readonly Vector[] = [
  {
    name: 'Celery 5.6: result and meta of a worker with result_extended',
    stored: String.raw`{"status": "SUCCESS", "result": "Gr\u00fc\u00dfe \u2713 \ud83d\ude00", "traceback": null, "children": [], "date_done": "2026-11-22T17:03:47.326202+00:00", "name": "proj.tasks.add", "args": [2, "zw\u00f6", null], "kwargs": {"x": {"y": [1.5, true]}}, "worker": "worker1@host", "retries": 1, "queue": "celery", "task_id": "29dd1700-73ea-509b-a3ec-7b1325f9deeb"}`,
    record: meaning('29dd1700-73ea-509b-a3ec-7b1325f9deeb', 'SUCCESS', {
      result: 'Grüße ✓ 😀',
      doneAt: seventeenOThree(47, 326_202),
      meta: { children: [], ...worker(1) },
    }),
  },
  {
    name: 'Celery 5.6: typed values',
    stored:
      '{"status": "SUCCESS", "result": {"when": {"__type__": "datetime", "__value__": "2024-01-01T00:00:00+00:00"}, "id": {"__type__": "uuid", "__value__": {"hex": "00000000000000000000000000000001"}}, "amount": {"__type__": "decimal", "__value__": "9.99"}, "raw": {"__type__": "base64", "__value__": "/w=="}}, "traceback": null, "children": [], "date_done": "2026-11-22T17:03:46.115944+00:00", "task_id": "19e2b6c5-c380-5779-b125-85b1d94835b0"}',
    record: meaning('19e2b6c5-c380-5779-b125-85b1d94835b0', 'SUCCESS', {
      result: {
        when: new Date(Date.UTC(2024, 0, 1)),
        id: new Uuid('00000000-0000-0000-0000-000000000001'),
        amount: new Decimal('9.99'),
        raw: new Uint8Array([0xff]),
      },
      doneAt: seventeenOThree(46, 115_944),
    }),
  },
  {
    name: 'Celery 5.6: a naive datetime with microseconds',
    stored:
      '{"status": "SUCCESS", "result": {"__type__": "datetime", "__value__": "2024-02-29T12:34:56.789012"}, "traceback": null, "children": [], "date_done": "2026-11-22T17:03:45.865830+00:00", "task_id": "80990c59-e203-50de-885f-fd5d36af1f58"}',
    record: meaning('80990c59-e203-50de-885f-fd5d36af1f58', 'SUCCESS', {
      result: new DateTime(Date.UTC(2024, 1, 29, 12, 34, 56, 789), { microseconds: 12, offsetSeconds: null }),
      doneAt: seventeenOThree(45, 865_830),
    }),
  },
  {
    name: 'Celery 5.6: an integer beyond 2^53',
    stored:
      '{"status": "SUCCESS", "result": 1180591620717411303424, "traceback": null, "children": [], "date_done": "2026-11-22T17:03:44.781234+00:00", "task_id": "3d566d2e-07b7-5ad0-8a29-a675b66872b4"}',
    record: meaning('3d566d2e-07b7-5ad0-8a29-a675b66872b4', 'SUCCESS', {
      result: 2n ** 70n,
      doneAt: seventeenOThree(44, 781_234),
    }),
  },
  {
    name: 'Celery 5.6: a failure with its traceback',
    stored: String.raw`{"status": "FAILURE", "result": {"exc_type": "ValueError", "exc_message": ["b\u00f6om"], "exc_module": "builtins"}, "traceback": "Traceback (most recent call last):\n  File \"/app/tasks.py\", line 7, in boom\n    raise ValueError(\"b\u00f6om\")\nValueError: b\u00f6om\n", "children": [], "date_done": "2026-11-22T17:03:46.252930+00:00", "task_id": "b0c5851b-5cca-520b-8625-ff2e91b16937"}`,
    record: meaning('b0c5851b-5cca-520b-8625-ff2e91b16937', 'FAILURE', {
      result: new RemoteError('ValueError', 'builtins', ['böom']),
      traceback:
        'Traceback (most recent call last):\n  File "/app/tasks.py", line 7, in boom\n    raise ValueError("böom")\nValueError: böom\n',
      doneAt: seventeenOThree(46, 252_930),
    }),
  },
  {
    name: 'Celery 5.6: a revoked task',
    stored:
      '{"status": "REVOKED", "result": {"exc_type": "TaskRevokedError", "exc_message": ["terminated"], "exc_module": "celery.exceptions"}, "traceback": null, "children": [], "date_done": "2026-11-22T17:03:46.888956+00:00", "task_id": "6f13ccd7-6b9c-52cb-aeda-0922caa49e4b"}',
    record: meaning('6f13ccd7-6b9c-52cb-aeda-0922caa49e4b', 'REVOKED', {
      result: new RemoteError('TaskRevokedError', 'celery.exceptions', ['terminated']),
      doneAt: seventeenOThree(46, 888_956),
    }),
  },
  {
    name: 'Celery 5.6: a state of the application',
    stored:
      '{"status": "PROGRESS", "result": {"current": 3, "total": 10}, "traceback": null, "children": [], "date_done": null, "task_id": "0932a6a8-30c8-58d5-b0bd-66070d3a82e4"}',
    record: meaning('0932a6a8-30c8-58d5-b0bd-66070d3a82e4', 'PROGRESS', { result: { current: 3, total: 10 } }),
  },
  {
    name: 'Celery 5.6: stamps',
    stored: String.raw`{"status": "SUCCESS", "result": "ok", "traceback": null, "children": [], "date_done": "2026-11-22T17:03:47.761059+00:00", "name": "proj.tasks.add", "args": [2, "zw\u00f6", null], "kwargs": {"x": {"y": [1.5, true]}}, "worker": "worker1@host", "retries": 1, "queue": "celery", "stamped_headers": ["monitor", "trace"], "monitor": ["m1"], "trace": ["t1", "t2"], "task_id": "5df55b33-59f9-5ead-8bfe-d6f0791dd391"}`,
    record: meaning('5df55b33-59f9-5ead-8bfe-d6f0791dd391', 'SUCCESS', {
      result: 'ok',
      doneAt: seventeenOThree(47, 761_059),
      meta: {
        children: [],
        ...worker(1),
        stampedHeaders: ['monitor', 'trace'],
        monitor: ['m1'],
        trace: ['t1', 't2'],
      },
    }),
  },
  {
    name: 'Celery 5.2: a task and a group as children',
    readOnly: true,
    stored:
      '{"status": "SUCCESS", "result": "spawned", "traceback": null, "children": [[["1f420b06-d748-45b4-bfb1-936bb7552c6f", null], null], [["e8620f70-63b9-4837-805b-a1fec1034d56", null], [[["abb10f12-f10d-4fae-b152-92bc76b9ad18", null], null], [["740d1a1e-340c-46a8-9e0e-5eb4d1ae8284", null], null]]]], "date_done": "2026-11-22T16:42:37.469761", "task_id": "8d8e69bb-c885-4021-ab87-62e8fb7cc92d"}',
    record: meaning('8d8e69bb-c885-4021-ab87-62e8fb7cc92d', 'SUCCESS', {
      result: 'spawned',
      doneAt: Date.UTC(2026, 10, 22, 16, 42, 37, 469) + 0.761,
      meta: {
        children: [
          new ResultNode('1f420b06-d748-45b4-bfb1-936bb7552c6f'),
          new ResultNode('e8620f70-63b9-4837-805b-a1fec1034d56', null, [
            new ResultNode('abb10f12-f10d-4fae-b152-92bc76b9ad18'),
            new ResultNode('740d1a1e-340c-46a8-9e0e-5eb4d1ae8284'),
          ]),
        ],
      },
    }),
  },
  {
    name: 'Celery 5.2: the last task of a chain, its date without a zone',
    readOnly: true,
    stored:
      '{"status": "SUCCESS", "result": 13, "traceback": null, "children": [], "date_done": "2026-11-22T16:42:37.576663", "parent_id": "b6937c16-65a4-401b-846a-49be1df2afcb", "task_id": "994380f9-0c84-4a9f-a163-e38f8a39a587"}',
    record: meaning('994380f9-0c84-4a9f-a163-e38f8a39a587', 'SUCCESS', {
      result: 13,
      doneAt: Date.UTC(2026, 10, 22, 16, 42, 37, 576) + 0.663,
      meta: { children: [], parentId: 'b6937c16-65a4-401b-846a-49be1df2afcb' },
    }),
  },
];

/** The same task, succeeded with None, by Celery's other serializers. */
export const FOREIGN_DOCUMENTS: readonly StoredForm[] = [
  {
    name: 'pickle',
    stored: bytes(
      'gASVnAAAAAAAAAB9lCiMBnN0YXR1c5SMB1NVQ0NFU1OUjAZyZXN1bHSUTowJdHJhY2ViYWNrlE6MCGNoaWxkcmVulF2UjAlkYXRlX2RvbmWUjCAyMDI2LTExLTIyVDE3OjAzOjU1LjI2MTAyNSswMDowMJSMB3Rhc2tfaWSUjCQ3M2Q1Zjk4ZS0xZjY1LTU1ZGEtODNkZC1hM2JjODQwN2NjNTKUdS4=',
    ),
  },
  {
    name: 'msgpack',
    stored: bytes(
      'hqZzdGF0dXOnU1VDQ0VTU6ZyZXN1bHTAqXRyYWNlYmFja8CoY2hpbGRyZW6QqWRhdGVfZG9uZdkgMjAyNi0xMS0yMlQxNzowMzo0Ny44NTQ1NjgrMDA6MDCndGFza19pZNkkMjg2NzhkYjQtMTEzNy01OWY1LWJkMzQtYWEzNzZiNGY1NjMy',
    ),
  },
  {
    name: 'yaml',
    stored:
      "children: []\ndate_done: '2026-11-22T17:03:51.393594+00:00'\nresult: null\nstatus: SUCCESS\ntask_id: fa142f49-a493-5f58-9b9d-483b002f6a6a\ntraceback: null\n",
  },
];

/** Documents of a few kilobytes that a recursive reader does not survive. */
export const DEEP_DOCUMENTS: readonly StoredForm[] = [
  {
    name: 'lists nested 10,000 deep',
    stored: `{"status": "SUCCESS", "result": ${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
  },
  {
    name: 'objects nested 10,000 deep',
    stored: `{"status": "SUCCESS", "result": ${'{"a":'.repeat(10_000)}null${'}'.repeat(10_000)}}`,
  },
];

function meaning(taskId: string, state: string, fields: Partial<TaskRecord>): TaskRecord {
  return {
    taskId,
    state,
    result: null,
    traceback: null,
    doneAt: null,
    meta: { children: [] },
    expiresAt: null,
    ...fields,
  };
}

/** The minute in which Celery 5.6 wrote the vectors. */
function seventeenOThree(second: number, microseconds: number): number {
  return Date.UTC(2026, 10, 22, 17, 3, second, Math.floor(microseconds / 1_000)) + (microseconds % 1_000) / 1_000;
}

function worker(retries: number): TaskRecord['meta'] {
  return {
    name: 'proj.tasks.add',
    args: [2, 'zwö', null],
    kwargs: { x: { y: [1.5, true] } },
    worker: 'worker1@host',
    retries,
    queue: 'celery',
  };
}

function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
