import { isKind, RemoteError, ResultNode, type TaskMeta, type TaskRecord } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { MET_LAYOUT } from './met-layout.js';
import { keptOf, roundTrip } from './round-trip.js';

/** Just below 64 KiB of UTF-8, which is what MySQL's TEXT holds in Celery's own table. */
const LONG_TRACEBACK = '  File "/app/tasks.py", line 7, in böse – 悪い\n'.repeat(1_250);

/** Falsy, short of a second, of a day, of a year, in a year whose seconds overflow 32 bits. */
const DONE_AT = [0, 999, 86_399_999, 1_000_000_000_001, 1_767_225_599_999, 4_733_510_399_999];

/** Every key that Celery knows, stamps, and keys that nobody knows. */
const FULL_META: TaskMeta = {
  name: 'proj.tasks.add',
  args: [2, 'zwö', null, { deep: [true] }],
  kwargs: { x: { y: [1.5, false] } },
  worker: 'worker1@host',
  retries: 0,
  queue: 'celery',
  stampedHeaders: ['monitor', 'trace'],
  monitor: ['m1'],
  trace: ['t1', 't2'],
  'unknown key.with $signs': { of: ['any', 'shape', null] },
};

const NULL_META: TaskMeta = {
  name: null,
  args: null,
  kwargs: null,
  worker: null,
  retries: null,
  queue: null,
  unknown: null,
};

/** Names that fields of a record, of Celery's document or of its table have. */
const FIELD_NAMES = [
  'taskId',
  'task_id',
  'state',
  'status',
  'result',
  'traceback',
  'doneAt',
  'date_done',
  'expiresAt',
  'meta',
];

/** Metadata and layout. */
export const MET: readonly Clause[] = [
  {
    id: 'MET-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'The traceback round-trips: null, empty, and nearly 64 KiB with line breaks and non-ASCII.',
    hint: "An empty text is not null; a column of limited length needs a larger type, and no truncation (MySQL's non-strict mode).",
    source: 'Celery backends/base.py _get_result_meta',
    async run(t) {
      const tracebacks = [null, '', ' \r\n\t', LONG_TRACEBACK];
      for (const state of ['FAILURE', 'RETRY']) {
        const found = await roundTrip(
          t,
          tracebacks.map((traceback) => ({ state, traceback, result: null })),
        );
        for (const [i, traceback] of tracebacks.entries()) t.same(found[i]?.traceback, traceback, 'traceback');
      }
    },
  },
  {
    id: 'MET-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "`doneAt` round-trips to the millisecond and is never replaced by a server's or a client's time.",
    hint: 'Write what the record says: no `onupdate=now()`, no whole seconds, and 0 is a time too.',
    source: 'Celery backends/database/models.py: `onupdate` stamps the row anew',
    async run(t) {
      const times = [...DONE_AT, Math.floor(t.now()) - 1];
      for (const state of ['SUCCESS', 'FAILURE']) {
        const found = await roundTrip(
          t,
          times.map((doneAt) => ({ state, doneAt, result: null })),
        );
        t.same(
          found.map((record) => record?.doneAt),
          times,
          `doneAt of ${state} records`,
        );
      }
      const [started] = await roundTrip(t, [{ state: 'STARTED', doneAt: null }]);
      t.same(started?.doneAt, null, 'doneAt of a STARTED record');
    },
  },
  {
    id: 'MET-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Absent `meta` keys stay absent, null stays null, unknown keys survive; where `traits.keeps` names the kept ones, those do.',
    hint: 'Store what no column holds as a document beside them, explicit nulls included; do not fill in defaults.',
    source: 'Celery backends/base.py _get_result_meta: stamps are keys of their own',
    async run(t) {
      const metas = [{}, FULL_META, { name: 'only this' }, { retries: 3 }];
      if (t.facts.traits.keeps === 'all') metas.push(NULL_META);
      const found = await roundTrip(
        t,
        metas.map((meta) => ({ meta })),
      );
      for (const [i, meta] of metas.entries()) t.same(found[i]?.meta, keptOf(t, meta), 'meta');
    },
  },
  {
    id: 'MET-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Group id, parent id and children round-trip unchanged: tasks, groups with members, parents; none is not the same as empty.',
    hint: "Write children as Celery's result tuples, [[id, parent], members]; an empty list is not null.",
    source: 'Celery result.py as_tuple, result_from_tuple',
    async run(t) {
      const parent = new ResultNode('parent', new ResultNode('grandparent'));
      const group = new ResultNode('group', parent, [
        new ResultNode('b'),
        new ResultNode('a'),
        new ResultNode('g', null, []),
      ]);
      const metas: TaskMeta[] = [
        { children: [new ResultNode('only')] },
        { children: [new ResultNode('task', parent), group] },
        { children: [] },
        { groupId: 'a group', parentId: 'a parent' },
        { groupId: 'group alone' },
        { parentId: 'parent alone' },
      ].filter((meta) => Object.keys(meta).every((key) => key in keptOf(t, meta)));
      if (metas.length === 0) t.notVerifiable('traits.keeps names neither children nor groupId nor parentId');
      const found = await roundTrip(
        t,
        metas.map((meta) => ({ meta })),
      );
      for (const [i, meta] of metas.entries()) t.same(found[i]?.meta, meta, 'meta');
    },
  },
  ...MET_LAYOUT,
  {
    id: 'MET-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A RemoteError round-trips as one: type, module, arguments; no class is ever looked up by a stored name.',
    hint: 'Decode exceptions by restoreResult() of @rb/core, or by decodeRecord(); never make an object of a class that the data names.',
    source: 'Celery backends/base.py exception_to_python, and CVE-2021-23727, which came of looking classes up',
    async run(t) {
      let made = 0;
      const trap = `rbTrap${t.random.below(2 ** 32)}`;
      const globals = globalThis as unknown as Record<string, unknown>;
      globals[trap] = class {
        constructor() {
          made += 1;
        }
      };
      try {
        const errors = [
          new RemoteError('ValueError', 'builtins', ['böom']),
          new RemoteError('Outer.InnerError', 'app.errors', []),
          new RemoteError('Error', null, ['two', 2, { three: [null] }]),
          new RemoteError('TypeError', 'globalThis', ['a class that exists here']),
          new RemoteError(trap, 'globalThis', ['a class that counts']),
          new RemoteError('constructor', '__proto__', ['']),
        ];
        for (const state of ['FAILURE', 'RETRY', 'REVOKED']) {
          const found = await roundTrip(
            t,
            errors.map((result) => ({ state, result })),
          );
          for (const [i, error] of errors.entries()) sameError(t, found[i], error);
        }
      } finally {
        delete globals[trap];
      }
      t.same(made, 0, 'objects made of a class whose name was stored');
    },
  },
  {
    id: 'MET-11',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A key of `meta` named like a field of the record never takes its place: it survives beside it, or the record is refused with RB_ENCODE.',
    hint: 'Do not spread `meta` over the stored document; keep unknown keys in a place of their own, or refuse those that collide.',
    source: 'Celery backends/base.py _get_result_meta: `result_meta.update(stamps)` overwrites status and result',
    async run(t) {
      const records = FIELD_NAMES.map((key) =>
        t.record({ state: 'FAILURE', result: 'own', meta: { [key]: 'from meta' } }),
      );
      const outcomes = await t.putAll(t.writer, records);
      for (const [i, record] of records.entries()) {
        const [key] = Object.keys(record.meta);
        const outcome = outcomes[i];
        if (outcome && 'refused' in outcome) {
          t.same(outcome.refused.code, 'RB_ENCODE', `code of the refusal of a record whose meta has the key ${key}`);
          continue;
        }
        const found = await t.read(t.reader, record.taskId);
        t.same(found && { ...found, meta: {} }, { ...record, meta: {} }, `record whose meta has the key ${key}`);
        t.same(found?.meta, keptOf(t, record.meta), 'its meta');
      }
    },
  },
];

function sameError(t: ClauseContext, found: TaskRecord | undefined, expected: RemoteError): void {
  const result = found?.result;
  const what = `the result of a ${found?.state} record with ${expected}`;
  t.that(isKind(result, 'error'), `${what} is no RemoteError but ${typeof result} ${String(result)}`);
  const { type, module, args } = result;
  t.same({ type, module, args }, { type: expected.type, module: expected.module, args: expected.args }, what);
}
