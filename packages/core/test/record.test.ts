import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DateTime,
  decodeRecord,
  encodeRecord,
  fromDocument,
  isResultError,
  json,
  RemoteError,
  ResultNode,
  type Serializer,
  type TaskRecord,
  toDocument,
} from '../src/index.js';
import { failure } from './failure.js';

const noon = Date.UTC(2024, 1, 29, 12, 34, 56);
const record = (fields: Partial<TaskRecord> = {}): TaskRecord => ({
  taskId: 'id-1',
  state: 'SUCCESS',
  result: 42,
  traceback: null,
  doneAt: noon,
  meta: {},
  expiresAt: null,
  ...fields,
});
const read = (fields: object, expiresAt: number | null = null): TaskRecord =>
  fromDocument('id-1', { status: 'SUCCESS', result: 42, ...fields }, expiresAt);

describe('writing a document', () => {
  it('has the keys of Celery in its order, and unknown ones before the task id', () => {
    const meta = {
      monitor: ['m1'],
      stampedHeaders: ['monitor'],
      queue: 'celery',
      retries: 0,
      worker: 'w@h',
      kwargs: {},
      args: [],
      name: 'proj.add',
      parentId: 'p',
      groupId: 'g',
      children: [],
    };
    expect(Object.keys(toDocument(record({ meta })))).toEqual([
      'status',
      'result',
      'traceback',
      'children',
      'date_done',
      'group_id',
      'parent_id',
      'name',
      'args',
      'kwargs',
      'worker',
      'retries',
      'queue',
      'stamped_headers',
      'monitor',
      'task_id',
    ]);
  });

  it('leaves out what the record does not have, but for the five keys that are always there', () => {
    expect(encodeRecord(record({ state: 'STARTED', doneAt: null, meta: { monitor: undefined } }), json)).toBe(
      '{"status":"STARTED","result":42,"traceback":null,"children":null,"date_done":null,"task_id":"id-1"}',
    );
  });

  it('keeps null where the meta has null', () => {
    expect(toDocument(record({ meta: { name: null, queue: null } }))).toMatchObject({ name: null, queue: null });
  });

  it('writes children as result tuples, and none as an empty list', () => {
    const child = new ResultNode('c', new ResultNode('p'), [new ResultNode('m')]);
    expect(toDocument(record({ meta: { children: [child] } }))).toMatchObject({
      children: [[['c', [['p', null], null]], [[['m', null], null]]]],
    });
    expect(toDocument(record({ meta: { children: [] } })).children).toEqual([]);
  });

  it.each([
    [noon, '2024-02-29T12:34:56.000000+00:00'],
    [noon + 789.012, '2024-02-29T12:34:56.789012+00:00'],
    [noon + 0.0004, '2024-02-29T12:34:56.000000+00:00'],
    [noon + 999.9999, '2024-02-29T12:34:57.000000+00:00'],
    [-0.001, '1969-12-31T23:59:59.999999+00:00'],
    [null, null],
  ])('writes the date %d always with six digits and an offset', (doneAt, date) => {
    expect(toDocument(record({ doneAt })).date_done).toBe(date);
  });

  it('has no date before the task is ready', () => {
    for (const state of ['STARTED', 'RETRY', 'PROGRESS']) expect(toDocument(record({ state })).date_done).toBeNull();
    for (const state of ['FAILURE', 'REVOKED']) expect(toDocument(record({ state })).date_done).not.toBeNull();
  });

  it('writes the result of a task that returned nothing as null, never without the key', () => {
    expect(encodeRecord(record({ result: undefined }), json)).toContain('"result":null');
  });

  it('refuses a date that no document can hold', () => {
    for (const doneAt of [Number.NaN, 9e15]) {
      expect(failure(() => encodeRecord(record({ doneAt }), json))).toMatchObject({
        code: 'RB_ENCODE',
        taskId: 'id-1',
      });
    }
  });

  it.each(['status', 'result', 'traceback', 'date_done', 'task_id'])(
    'refuses a meta that would overwrite %s',
    (key) => {
      expect(failure(() => toDocument(record({ meta: { [key]: 'x' } })))).toMatchObject({
        code: 'RB_ENCODE',
        taskId: 'id-1',
        message: expect.stringContaining(key),
      });
    },
  );
});

describe('reading a document', () => {
  it.each([
    ['5.2 to 5.4, naive', '2024-02-29T12:34:56.789012', noon + 789.012],
    ['5.5 and later', '2024-02-29T12:34:56.789012+00:00', noon + 789.012],
    ['another app timezone', '2024-02-29T21:34:56.789012+09:00', noon + 789.012],
    ['a whole second', '2024-02-29T12:34:56', noon],
    ['Z', '2024-02-29T12:34:56Z', noon],
    ['a Date of the serializer', new Date(noon), noon],
    ['a DateTime of the serializer', new DateTime(noon, { microseconds: 12 }), noon + 0.012],
    ['null', null, null],
    ['no date at all', 'yesterday', null],
    ['an invalid Date', new Date(Number.NaN), null],
    ['a number', 5, null],
  ])('takes the date as Celery has it: %s', (_name, date_done, doneAt) => {
    expect(read({ date_done }).doneAt).toBe(doneAt);
  });

  it('has no date before the task is ready', () => {
    expect(read({ status: 'STARTED', date_done: '2024-02-29T12:34:56' }).doneAt).toBeNull();
  });

  it('takes id and deadline from its caller', () => {
    expect(read({ task_id: 'other' }, 5)).toStrictEqual({
      taskId: 'id-1',
      state: 'SUCCESS',
      result: 42,
      traceback: null,
      doneAt: null,
      meta: {},
      expiresAt: 5,
    });
  });

  it('needs nothing but the status', () => {
    expect(fromDocument('id-1', { status: 'SUCCESS' }, null)).toMatchObject({
      state: 'SUCCESS',
      result: null,
      traceback: null,
      doneAt: null,
      meta: {},
    });
  });

  it('tells no children from unknown children', () => {
    expect(read({ children: [] }).meta).toStrictEqual({ children: [] });
    expect(read({ children: null }).meta).toStrictEqual({});
  });

  it('reads children as nodes, a bare id for the pair included', () => {
    const stored = [
      [['a', [['p', null], null]], null],
      ['b', [[['m', null], null]]],
    ];
    expect(read({ children: stored }).meta.children).toStrictEqual([
      new ResultNode('a', new ResultNode('p')),
      new ResultNode('b', null, [new ResultNode('m')]),
    ]);
  });

  it.each([[[['a', null], 'b']], [[[[1, null], null]]], ['x'], [[null]], [{ a: 1 }]])(
    'keeps malformed children %j, and writes them back',
    (children) => {
      const { meta, result } = read({ children });
      expect(result).toBe(42);
      expect(meta).toStrictEqual({ malformedChildren: children });
      expect(toDocument(record({ meta })).children).toBe(children);
    },
  );

  it('spells three keys our way, and leaves them out where they are null', () => {
    expect(read({ group_id: 'g', parent_id: 'p', stamped_headers: ['s'] }).meta).toStrictEqual({
      groupId: 'g',
      parentId: 'p',
      stampedHeaders: ['s'],
    });
    expect(read({ group_id: null, parent_id: null, stamped_headers: null, name: null }).meta).toStrictEqual({
      name: null,
    });
  });

  it('keeps unknown keys, stamps with the names of our own keys included', () => {
    const stored = { groupId: ['stamp'], group_id: 'g', parentId: 'stamp', snake_case: 1, camelCase: 2 };
    const { meta } = read(stored);
    expect(meta).toMatchObject({ groupId: 'g', snake_case: 1, camelCase: 2 });
    expect(toDocument(record({ meta }))).toMatchObject(stored);
  });

  it('pollutes no prototype', () => {
    const { meta } = decodeRecord(
      'id-1',
      '{"status":"SUCCESS","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      json,
      null,
    );
    expect(Object.getPrototypeOf(meta)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(encodeRecord(record({ meta }), json)).toContain('"__proto__":{"polluted":1}');
  });

  it.each([[null], [5], ['text'], [[]], [{}], [{ status: 5 }], [{ result: 1 }]])(
    'refuses %j, naming the task',
    (document) => {
      expect(failure(() => fromDocument('id-1', document, null))).toMatchObject({
        code: 'RB_DECODE',
        taskId: 'id-1',
        message: expect.stringContaining('id-1'),
      });
    },
  );
});

describe('with a serializer', () => {
  it('hands over whose record it is, both ways', () => {
    const seen: unknown[] = [];
    const telling: Serializer = {
      ...json,
      encode(value, context) {
        seen.push(context);
        return json.encode(value);
      },
      decode(data, context) {
        seen.push(context);
        return json.decode(data);
      },
    };
    decodeRecord('id-1', encodeRecord(record({ expiresAt: 5 }), telling), telling, 5);
    expect(seen).toEqual(Array(2).fill({ taskId: 'id-1', expiresAt: 5 }));
  });

  it('asks the innermost serializer alone which arguments of an exception can be carried', () => {
    let calls = 0;
    const outer: Serializer = {
      ...json,
      inner: json,
      encode(value) {
        calls += 1;
        return json.encode(value);
      },
    };
    const failed = record({ state: 'FAILURE', result: new RemoteError('E', 'm', [new Set([1]), 'a']) });
    expect(encodeRecord(failed, outer)).toContain('"exc_message":["[1]","a"]');
    expect(calls).toBe(1);
  });

  it('names the task and the reason where a value cannot be stored', () => {
    const { code, taskId, message, cause } = failure(() => encodeRecord(record({ result: { a: new Set() } }), json));
    expect({ code, taskId, message }).toStrictEqual({
      code: 'RB_ENCODE',
      taskId: 'id-1',
      message: 'task id-1: json cannot carry a value of type Set (at $.result.a)',
    });
    expect(isResultError(cause)).toBe(true);
  });

  it('names the task where what is stored cannot be read', () => {
    for (const data of ['', '{', Uint8Array.of(0x80)]) {
      expect(failure(() => decodeRecord('id-1', data, json, null))).toMatchObject({
        code: 'RB_DECODE',
        taskId: 'id-1',
      });
    }
  });

  it('drops what a foreign serializer throws, which may hold the payload', () => {
    const refuse = (): never => {
      throw new SyntaxError('secret');
    };
    const foreign: Serializer = { ...json, encode: refuse, decode: refuse };
    for (const work of [() => encodeRecord(record(), foreign), () => decodeRecord('id-1', 'secret', foreign, null)]) {
      const { message, cause } = failure(work);
      expect(message).toContain('SyntaxError');
      expect(`${message} ${cause}`).not.toContain('secret');
    }
  });

  it('stores a failure whose arguments cannot be stored', () => {
    const failed = record({ state: 'FAILURE', result: new RemoteError('E', 'm', [new Set([1]), 'x']) });
    expect(decodeRecord('id-1', encodeRecord(failed, json), json, null).result).toStrictEqual(
      new RemoteError('E', 'm', ['[1]', 'x']),
    );
  });
});

describe('round trips', () => {
  const ids = fc.uuid();
  const nodes = fc.letrec<{ node: ResultNode }>((tie) => ({
    node: fc
      .tuple(
        ids,
        fc.option(tie('node'), { maxDepth: 2 }),
        fc.option(fc.array(tie('node'), { maxLength: 2 }), { maxDepth: 2 }),
      )
      .map(([id, parent, members]) => new ResultNode(id, parent, members)),
  })).node;
  const text = fc.option(fc.string());
  const meta = fc.record(
    {
      children: fc.array(nodes, { maxLength: 3 }),
      groupId: fc.string(),
      parentId: fc.string(),
      name: text,
      args: fc.array(fc.integer()),
      kwargs: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
      worker: text,
      retries: fc.option(fc.nat()),
      queue: text,
      stampedHeaders: fc.array(fc.string()),
      group_id: fc.array(fc.string()),
      monitor: fc.array(fc.string()),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  const records = fc.record({
    taskId: ids,
    state: fc.constantFrom('SUCCESS', 'FAILURE', 'REVOKED', 'RETRY', 'STARTED', 'PROGRESS'),
    traceback: text,
    micros: fc.integer({ min: 0, max: 4e15 }),
    meta,
    expiresAt: fc.option(fc.nat()),
  });

  it('give back every record', () => {
    fc.assert(
      fc.property(records, fc.string(), ({ micros, ...fields }, message) => {
        const exceptional = ['FAILURE', 'REVOKED', 'RETRY'].includes(fields.state);
        const ready = ['SUCCESS', 'FAILURE', 'REVOKED'].includes(fields.state);
        const result = exceptional ? new RemoteError('E', 'm', [message]) : { message };
        const stored: TaskRecord = { ...fields, result, doneAt: ready ? micros / 1_000 : null };
        expect(decodeRecord(stored.taskId, encodeRecord(stored, json), json, stored.expiresAt)).toStrictEqual(stored);
      }),
    );
  });
});
