import { readFileSync } from 'node:fs';
import { CELERY_VERSIONS, type CeleryVersion, type Vector, vectors } from '@rb/vectors';
import { describe, expect, it } from 'vitest';
import {
  DateTime,
  Decimal,
  decodeRecord,
  encodeRecord,
  json,
  jsonSerializer,
  PlainDate,
  PlainTime,
  RemoteError,
  ResultNode,
  type TaskRecord,
  Uuid,
} from '../src/index.js';

/** What the record must hold. `old` is what Celery 5.2 stored where it differs, which is where kombu had no typed values. */
interface Expected {
  readonly state: string;
  readonly result: unknown;
  readonly old?: unknown;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const success = (result: unknown, old?: unknown): Expected => ({ state: 'SUCCESS', result, old });
const error = (type: string, module: string, args: readonly unknown[], old?: readonly unknown[]): Expected => ({
  state: 'FAILURE',
  result: new RemoteError(type, module, args),
  old: old && new RemoteError(type, module, old),
});
const revoked = (reason: string): Expected => ({
  ...error('TaskRevokedError', 'celery.exceptions', [reason]),
  state: 'REVOKED',
});

const EXPECTED: Readonly<Record<string, Expected>> = {
  success_none: success(null),
  success_true: success(true),
  success_int0: success(0),
  success_int1: success(1),
  success_int_neg1: success(-1),
  success_int255: success(255),
  success_int256: success(256),
  success_int65536: success(65_536),
  success_int_2p31m1: success(2_147_483_647),
  success_int_neg2p31: success(-2_147_483_648),
  success_int_2p53: success(2n ** 53n),
  success_int_2p53p1: success(2n ** 53n + 1n),
  success_int_neg2p53m1: success(-(2n ** 53n) - 1n),
  success_int_neg2p63: success(-(2n ** 63n)),
  success_int_2p70: success(2n ** 70n),
  success_int_2p2100: success(2n ** 2100n),
  success_float1_5: success(1.5),
  success_float1_0: success(1),
  success_float0_1: success(0.1),
  success_float_neg0: success(-0),
  success_float1e300: success(1e300),
  success_float1e16: success(1e16),
  success_float_min: success(5e-324),
  success_nan: success(Number.NaN),
  success_inf: success(Number.POSITIVE_INFINITY),
  success_neg_inf: success(Number.NEGATIVE_INFINITY),
  success_str_ascii: success('hello'),
  success_str_empty: success(''),
  success_str_unicode: success('Grüße ✓ 😀'),
  success_str_300: success('x'.repeat(300)),
  success_str_lone_surrogate: success('\ud800'),
  success_str_yamlish: success('yes'),
  success_str_datelike: success('2020-01-02'),
  success_str_numlike: success('123'),
  success_str_multiline: success('line1\nline2\n'),
  success_bytes_utf8: success(utf8('hello')),
  success_bytes_bin: success(bytes(0x00, 0xff, 0xfe, 0x80)),
  success_bytes_300: success(bytes(...Array.from({ length: 256 }, (_, i) => i), ...utf8('x'.repeat(44)))),
  success_list_empty: success([]),
  success_list1: success([1]),
  success_list_nested: success([[1, [2, [3, []]]], {}]),
  success_list_1200: success(Array.from({ length: 1_200 }, (_, i) => i)),
  success_dict_empty: success({}),
  success_dict1: success({ a: 1 }),
  success_dict_nested: success({ a: { b: [1, { c: null }] }, d: 'e' }),
  success_dict_intkeys: success({ 1: 'one', 2: 'two' }),
  success_dict_mixedkeys: success({ s: 1, true: 2, null: 3 }),
  success_tuple_empty: success([]),
  success_tuple1: success([1]),
  success_tuple_nested: success([
    [1, 2],
    [3, [4]],
  ]),
  success_shared_ref: success([{ k: 'v' }, { k: 'v' }, 'repeat-me', 'repeat-me']),
  success_datetime_naive_us: success(DateTime.fromIso('2024-02-29T12:34:56.789012'), '2024-02-29T12:34:56.789012'),
  success_datetime_offset: success(DateTime.fromIso('2024-02-29T12:34:56+05:30'), '2024-02-29T12:34:56+05:30'),
  success_date: success(new PlainDate('2024-02-29'), '2024-02-29T00:00:00'),
  success_time: success(new PlainTime('12:34:56'), '12:34:56'),
  success_time_us: success(new PlainTime('12:34:56.000789'), '12:34:56.000789'),
  success_uuid4: success(new Uuid('12345678123446789234567812345678'), '12345678-1234-4678-9234-567812345678'),
  success_uuid_nil: success(new Uuid('0'.repeat(32)), '00000000-0000-0000-0000-000000000000'),
  success_decimal: success(new Decimal('1234567890.123456789'), '1234567890.123456789'),
  success_decimal_nan: success(new Decimal('NaN'), 'NaN'),
  custom_progress: { state: 'PROGRESS', result: { current: 3, total: 10 } },
  failure_builtin_noargs: error('ValueError', 'builtins', []),
  failure_builtin: error('ValueError', 'builtins', ['böom']),
  failure_keyerror: error('KeyError', 'builtins', ['missing']),
  failure_unicodedecode: error(
    'UnicodeDecodeError',
    'builtins',
    ['utf-8', bytes(0xff), 0, 1, 'invalid start byte'],
    ['utf-8', "b'\\xff'", 0, 1, 'invalid start byte'],
  ),
  failure_custom_nested: error('Outer.InnerError', 'goldenlib', ['inner']),
  failure_nonjson_arg: error('ValueError', 'builtins', ['<Opaque 3>', 'x']),
  failure_datetime_arg: error(
    'CustomError',
    'goldenlib',
    [DateTime.fromIso('2024-01-01T00:00:00')],
    ['2024-01-01T00:00:00'],
  ),
  failure_bytes_arg: error('CustomError', 'goldenlib', [bytes(0xff, 0x00)], ["b'\\xff\\x00'"]),
  failure_local_class: error('LocalError', 'nowhere.mod', ['lost']),
  failure_chord_error: error('ChordError', 'celery.exceptions', ["Dependency 9d0a raised ValueError('x')"]),
  failure_not_registered: error('NotRegistered', 'celery.exceptions', ['proj.add']),
  failure_max_retries: error('MaxRetriesExceededError', 'celery.exceptions', [
    "Can't retry proj.add[id] args:() kwargs:{}",
  ]),
  failure_soft_time_limit: error('SoftTimeLimitExceeded', 'billiard.exceptions', []),
  failure_revoked_as_failure: error('TaskRevokedError', 'celery.exceptions', ['terminated']),
  failure_ignore: error('Ignore', 'celery.exceptions', []),
  failure_retry_exc: error('Retry', 'celery.exceptions', [
    "Retry(Retry(...), ValueError('inner'), 10)",
    "ValueError('inner')",
    10,
  ]),
  retry_none: { state: 'RETRY', result: null },
  revoked_revoked: revoked('revoked'),
  revoked_terminated: revoked('terminated'),
};
const nestedTypes = {
  when: new Date('2024-01-01T00:00:00Z'),
  id: new Uuid('1'.padStart(32, '0')),
  amount: new Decimal('9.99'),
  raw: bytes(0xff),
};

/** These depend on the store: Redis guards a SUCCESS and shows the last write, RPC sends every one. */
const v0 = error('ValueError', 'builtins', ['v0']);
const TRANSITIONS: Readonly<Record<string, { readonly redis: Expected; readonly rpc: readonly Expected[] }>> = {
  transition_FAILURE_then_SUCCESS: { redis: success('v1'), rpc: [v0, success('v1')] },
  transition_REVOKED_then_STARTED: {
    redis: { state: 'STARTED', result: 'v1' },
    rpc: [
      { ...v0, state: 'REVOKED' },
      { state: 'STARTED', result: 'v1' },
    ],
  },
  transition_SUCCESS_then_SUCCESS: { redis: success('v0'), rpc: [success('v0'), success('v1')] },
  transition_FAILURE_then_STARTED: {
    redis: { state: 'STARTED', result: 'v1' },
    rpc: [v0, { state: 'STARTED', result: 'v1' }],
  },
};

const TRACEBACK =
  'Traceback (most recent call last):\n  File "/app/tasks.py", line 7, in boom\n    raise ValueError("böom")\nValueError: böom\n';

const EXTENDED = {
  children: [],
  name: 'proj.tasks.add',
  args: [2, 'zwö', null],
  kwargs: { x: { y: [1.5, true] } },
  worker: 'worker1@host',
  retries: 1,
  queue: 'celery',
};

function metaOf({ name, extended, celery, backend }: Vector): unknown {
  if (name === 'success_no_request') return {};
  // RPC up to Celery 5.6 never sends the extended fields.
  if (!extended || backend === 'rpc') return { children: [] };
  if (name === 'success_extended_odd_args') return { ...EXTENDED, args: [1, [2, 3]], kwargs: {}, retries: 0 };
  if (name === 'success_extended_no_delivery') {
    return { children: [], name: null, args: null, kwargs: null, worker: null, retries: 0, queue: null };
  }
  const stamps = { stampedHeaders: ['monitor', 'trace'], monitor: ['m1'], trace: ['t1', 't2'] };
  return name === 'success_stamps' && celery === '5.6.3' ? { ...EXTENDED, ...stamps } : EXTENDED;
}

/** Without spaces, and with the escapes of JSON.stringify: what else differs is a difference. */
const compact = (text: string): string =>
  text.replaceAll(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part.startsWith('"') ? JSON.stringify(JSON.parse(part)) : ''));

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString();

/** As the writers since 5.5 have it, which is what we write. */
const modernDate = (text: string): string => text.replace(/("date_done":"[^"+]*)"/, '$1+00:00"');

/** By other means than the code under test: the platform's parser for milliseconds, the last digits for microseconds. */
const doneAtOf = (date: string | null | undefined): number | null =>
  date ? Date.parse(`${date.slice(0, 23)}Z`) + Number(date.slice(23, 26)) / 1_000 : null;

const exact = jsonSerializer({ exactFloats: true });

function expectRecord(vector: Vector, stored: string, { state, result, old }: Expected): TaskRecord {
  const taskId = vector.task_id ?? '';
  const { date_done } = json.decode(stored) as { readonly date_done?: string | null };
  const record = decodeRecord(taskId, stored, json, 1_234);
  expect(record).toStrictEqual({
    taskId,
    state,
    result: vector.celery === '5.2.6' ? (old ?? result) : result,
    traceback: vector.name === 'failure_builtin' ? TRACEBACK : null,
    doneAt: doneAtOf(date_done),
    meta: metaOf(vector),
    expiresAt: 1_234,
  });
  return record;
}

const rewritten = (vector: Vector, stored: string): string =>
  encodeRecord(decodeRecord(vector.task_id ?? '', stored, exact, null), exact) as string;

function expectedOf({ name, extended }: Vector): Expected {
  const other: Readonly<Record<string, Expected>> = {
    success_no_request: success(42),
    success_nested_types: success(nestedTypes),
    success_stamps: success('ok'),
    success_extended_odd_args: success('ok'),
    success_extended_no_delivery: success('ok'),
  };
  const expected = EXPECTED[name] ?? other[name];
  if (expected === undefined) throw new Error(`no expectation is written for ${name}${extended ? ', extended' : ''}`);
  return expected;
}

const stored = (backend: 'redis' | 'rpc', celery: CeleryVersion): readonly Vector[] =>
  vectors(backend, celery).filter(({ serializer, store_error }) => serializer === 'json' && store_error === undefined);

const titled = (list: readonly Vector[]): (readonly [string, Vector])[] =>
  list.map((vector) => [`${vector.name}${vector.extended ? ', extended' : ''}`, vector]);

describe.each(CELERY_VERSIONS)('what Celery %s stored in Redis', (celery) => {
  const [groups, records] = [true, false].map((group) =>
    stored('redis', celery).filter(({ name }) => name.startsWith('group_') === group),
  );

  it('is all looked at', () => {
    expect([records?.length, groups?.length]).toEqual(celery === '5.2.6' ? [95, 4] : [100, 4]);
  });

  it.each(titled(records ?? []))(
    'reads to the right record and is written back byte for byte: %s',
    (_title, vector) => {
      const text = decoded(vector.raw.value_b64);
      expectRecord(vector, text, TRANSITIONS[vector.name]?.redis ?? expectedOf(vector));
      expect(rewritten(vector, text)).toBe(modernDate(compact(text)));
    },
  );

  it.each(titled(groups ?? []))('reads to the right group and is written back byte for byte: %s', (_title, vector) => {
    const text = decoded(vector.raw.value_b64);
    const { result } = json.decode(text) as { readonly result: unknown };
    const group = ResultNode.fromTuple(result);
    expect(group.id).toBe(vector.group_id);
    expect(json.encode({ result: group })).toBe(compact(text));
  });
});

describe.each(CELERY_VERSIONS)('what Celery %s sent by RPC', (celery) => {
  const list = stored('rpc', celery);

  it('is all looked at', () => {
    expect(list.length).toBe(celery === '5.2.6' ? 56 : 60);
  });

  it.each(titled(list))(
    'reads to the right record, and is written with the same bytes in the order of Redis: %s',
    (_title, vector) => {
      const texts = (vector.raw.messages as readonly { readonly body_b64: string }[]).map(({ body_b64 }) =>
        decoded(body_b64),
      );
      const expected = TRANSITIONS[vector.name]?.rpc ?? [expectedOf(vector)];
      expect(texts.length).toBe(expected.length);
      for (const [i, one] of expected.entries()) {
        const text = texts[i] ?? '';
        expectRecord(vector, text, one);
        // Up to Celery 5.6 these messages have no date, and the task id comes first.
        const [, taskId, rest] = /^\{("task_id":"[^"]*"),(.*)\}$/.exec(compact(text)) ?? [];
        expect(rewritten(vector, text)).toBe(`{${rest},"date_done":null,${taskId}}`);
      }
    },
  );
});

describe('what a real worker of Celery 5.2.6 stored in Redis', () => {
  const url = new URL('../../../tooling/vectors/celery/celery-5.2.6-worker-e2e.json', import.meta.url);
  const steps = (
    JSON.parse(readFileSync(url, 'utf8')) as readonly {
      readonly raw: { readonly value?: unknown } | null;
      readonly name: string;
      readonly task_id: string;
    }[]
  ).flatMap(({ raw, name, task_id }) => (typeof raw?.value === 'string' ? [[name, task_id, raw.value] as const] : []));

  it('is all looked at', () => {
    expect(steps.length).toBe(43);
  });

  it.each(steps)('is written back byte for byte, children and tracebacks included: %s', (_name, taskId, text) => {
    const record = decodeRecord(taskId, text, exact, null);
    expect(record.meta).not.toHaveProperty('malformedChildren');
    expect(encodeRecord(record, exact)).toBe(modernDate(compact(text)));
  });
});
