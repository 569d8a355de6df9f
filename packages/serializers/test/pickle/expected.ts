import {
  Complex,
  DateTime,
  Decimal,
  Opaque,
  PlainDate,
  PlainTime,
  PythonSet,
  RemoteError,
  ResultNode,
  TimeDelta,
  Tuple,
  Uuid,
} from '@rb/core';
import type { Vector } from '@rb/vectors';

/** What a vector's result is. A function where the vector's serializer or Celery decides. */
type Expected = unknown | ((vector: Vector) => unknown);

const opaque = (v: number): Opaque => new Opaque('goldenlib', 'Opaque', [], { v }, { form: 'new' });

/** With the pickle serializer the exception itself, otherwise Celery's description of it. */
const failure =
  (module: string, type: string, args: unknown[], described: (vector: Vector) => Described = () => ({})): Expected =>
  (vector: Vector) => {
    if (vector.serializer === 'pickle') return new RemoteError(type, module, args);
    const other = described(vector);
    return {
      exc_type: other.type ?? type,
      exc_message: new Tuple(other.args ?? args),
      exc_module: other.module ?? module,
    };
  };

/** What differs there from the exception itself. */
interface Described {
  readonly type?: string;
  readonly module?: string;
  readonly args?: unknown[];
}

/** Arguments that the serializer of that Celery cannot encode are described by their repr. */
const reprIf =
  (unencodable: (vector: Vector) => boolean, args: unknown[]) =>
  (vector: Vector): Described =>
    unencodable(vector) ? { args } : {};

/** kombu's JSON has bytes since 5.3. */
const oldJson = (vector: Vector): boolean => vector.serializer === 'json' && vector.celery === '5.2.6';

const task = (id: string, parent?: string): ResultNode =>
  new ResultNode(id, parent === undefined ? null : task(parent));

const FIRST = '317c7bc3-416a-56e1-bd1d-c9d8e0eebbc4';
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const RESULTS: Readonly<Record<string, Expected>> = {
  success_none: null,
  retry_none: null,
  success_true: true,
  success_int0: 0,
  success_int1: 1,
  success_int_neg1: -1,
  success_int255: 255,
  success_int256: 256,
  success_int65536: 65_536,
  success_int_2p31m1: 2_147_483_647,
  success_int_neg2p31: -2_147_483_648,
  success_int_2p53: 2n ** 53n,
  success_int_2p53p1: 2n ** 53n + 1n,
  success_int_neg2p53m1: -(2n ** 53n) - 1n,
  success_int_neg2p63: -(2n ** 63n),
  success_int_2p70: 2n ** 70n,
  success_int_2p2100: 2n ** 2100n,
  success_float1_5: 1.5,
  success_float1_0: 1,
  success_float0_1: 0.1,
  success_float_neg0: -0,
  success_float1e300: 1e300,
  success_float1e16: 1e16,
  success_float_min: 5e-324,
  success_nan: Number.NaN,
  success_inf: Number.POSITIVE_INFINITY,
  success_neg_inf: Number.NEGATIVE_INFINITY,
  success_str_ascii: 'hello',
  success_str_empty: '',
  success_str_unicode: 'Grüße ✓ 😀',
  success_str_300: 'x'.repeat(300),
  success_str_lone_surrogate: '\ud800',
  success_str_yamlish: 'yes',
  success_str_datelike: '2020-01-02',
  success_str_numlike: '123',
  success_str_multiline: 'line1\nline2\n',
  success_bytes_utf8: new TextEncoder().encode('hello'),
  success_bytes_bin: bytes(0, 0xff, 0xfe, 0x80),
  success_bytes_300: Uint8Array.from({ length: 300 }, (_, i) => (i < 256 ? i : 0x78)),
  success_list_empty: [],
  success_list1: [1],
  success_list_nested: [[1, [2, [3, []]]], {}],
  success_list_1200: Array.from({ length: 1200 }, (_, i) => i),
  success_dict_empty: {},
  success_dict1: { a: 1 },
  success_dict_nested: { a: { b: [1, { c: null }] }, d: 'e' },
  success_dict_intkeys: new Map([
    [1, 'one'],
    [2, 'two'],
  ]),
  success_dict_mixedkeys: new Map<unknown, unknown>([
    ['s', 1],
    [true, 2],
    [null, 3],
  ]),
  success_tuple_empty: new Tuple([]),
  success_tuple1: new Tuple([1]),
  success_tuple_nested: new Tuple([new Tuple([1, 2]), [3, new Tuple([4])]]),
  success_set: new PythonSet([3]),
  success_frozenset: new PythonSet([4], true),
  success_shared_ref: [{ k: 'v' }, { k: 'v' }, 'repeat-me', 'repeat-me'],
  success_datetime_naive_us: new DateTime(Date.UTC(2024, 1, 29, 12, 34, 56, 789), {
    microseconds: 12,
    offsetSeconds: null,
  }),
  success_datetime_offset: new DateTime(Date.UTC(2024, 1, 29, 7, 4, 56), { offsetSeconds: 19_800 }),
  success_date: new PlainDate('2024-02-29'),
  success_time: new PlainTime('12:34:56'),
  success_time_us: new PlainTime('12:34:56.000789'),
  success_timedelta: new TimeDelta(1, 2, 3),
  success_uuid4: new Uuid('12345678-1234-4678-9234-567812345678'),
  success_uuid_nil: new Uuid('0'.repeat(32)),
  success_decimal: new Decimal('1234567890.123456789'),
  success_decimal_nan: new Decimal('NaN'),
  success_complex: new Complex(1, 2),
  success_nested_types: {
    when: new Date(Date.UTC(2024, 0, 1)),
    id: new Uuid('00000000000000000000000000000001'),
    amount: new Decimal('9.99'),
    raw: bytes(0xff),
  },
  success_opaque_object: opaque(1),
  success_no_request: 42,
  success_stamps: 'ok',
  success_extended_odd_args: 'ok',
  success_extended_no_delivery: 'ok',
  custom_progress: { current: 3, total: 10 },
  failure_builtin: failure('builtins', 'ValueError', ['böom']),
  failure_builtin_noargs: failure('builtins', 'ValueError', []),
  failure_keyerror: failure('builtins', 'KeyError', ['missing']),
  failure_unicodedecode: failure(
    'builtins',
    'UnicodeDecodeError',
    ['utf-8', bytes(0xff), 0, 1, 'invalid start byte'],
    reprIf(oldJson, ['utf-8', "b'\\xff'", 0, 1, 'invalid start byte']),
  ),
  failure_custom_nested: failure('goldenlib', 'Outer.InnerError', ['inner']),
  failure_nonjson_arg: failure(
    'builtins',
    'ValueError',
    [opaque(3), 'x'],
    reprIf(() => true, ['<Opaque 3>', 'x']),
  ),
  failure_datetime_arg: failure(
    'goldenlib',
    'CustomError',
    [new DateTime(Date.UTC(2024, 0, 1), { offsetSeconds: null })],
    reprIf(({ serializer }) => serializer === 'msgpack', ['datetime.datetime(2024, 1, 1, 0, 0)']),
  ),
  failure_bytes_arg: failure('goldenlib', 'CustomError', [bytes(0xff, 0)], reprIf(oldJson, ["b'\\xff\\x00'"])),
  // Python cannot pickle the local class: Celery pickles its base instead.
  failure_local_class: failure('goldenlib', 'CustomError', ['lost'], () => ({
    type: 'LocalError',
    module: 'nowhere.mod',
  })),
  failure_chord_error: failure('celery.exceptions', 'ChordError', ["Dependency 9d0a raised ValueError('x')"]),
  failure_not_registered: failure('celery.exceptions', 'NotRegistered', ['proj.add']),
  failure_max_retries: failure('celery.exceptions', 'MaxRetriesExceededError', [
    "Can't retry proj.add[id] args:() kwargs:{}",
  ]),
  failure_soft_time_limit: failure('billiard.exceptions', 'SoftTimeLimitExceeded', []),
  failure_revoked_as_failure: failure('celery.exceptions', 'TaskRevokedError', ['terminated']),
  failure_ignore: failure('celery.exceptions', 'Ignore', []),
  failure_retry_exc: failure(
    'celery.exceptions',
    'Retry',
    ['again', new RemoteError('ValueError', 'builtins', ['inner']), 10],
    reprIf(() => true, ["Retry(Retry(...), ValueError('inner'), 10)", "ValueError('inner')", 10]),
  ),
  revoked_revoked: failure('celery.exceptions', 'TaskRevokedError', ['revoked']),
  revoked_terminated: failure('celery.exceptions', 'TaskRevokedError', ['terminated']),
  transition_FAILURE_then_SUCCESS: 'v1',
  transition_FAILURE_then_STARTED: 'v1',
  transition_REVOKED_then_STARTED: 'v1',
  // Celery keeps the first SUCCESS in its key/value backends only.
  transition_SUCCESS_then_SUCCESS: ({ backend }: Vector) => (backend === 'redis' ? 'v0' : 'v1'),
};

/** Groups by name, given the id that the vector has. A group's own parent is not in the pickle. */
export const GROUPS: Readonly<Record<string, (id: string) => ResultNode>> = {
  group_simple: (id) => new ResultNode(id, null, [task(FIRST), task('a72b238e-f9a3-555e-a91b-c63930e2fd43')]),
  group_empty: (id) => new ResultNode(id, null, []),
  group_with_parent: (id) => new ResultNode(id, null, [task(FIRST)]),
  group_nested: (id) =>
    new ResultNode(id, null, [
      task(FIRST, '03f6c3bd-1382-5816-bb52-4b23cc3216a9'),
      new ResultNode('e878fcbf-39c3-54fb-9174-b484815136ef', null, [
        task('5a120c13-199a-52a0-87b8-834270730c35'),
        task('4734b4c9-1390-59ea-a989-eea3aa72f972'),
      ]),
    ]),
};

export const resultOf = (vector: Vector): unknown => {
  if (!Object.hasOwn(RESULTS, vector.name)) throw new Error(`expected.ts does not know the vector ${vector.name}`);
  const expected = RESULTS[vector.name];
  return typeof expected === 'function' ? expected(vector) : expected;
};

/** What a vector's task was called with: the same nearly everywhere. */
export function argumentsOf({ name }: Vector): { readonly args: unknown; readonly kwargs: unknown } {
  if (name === 'success_no_request' || name === 'success_extended_no_delivery') return { args: null, kwargs: null };
  if (name === 'success_extended_odd_args') return { args: new Tuple([1, new Tuple([2, 3])]), kwargs: {} };
  return { args: [2, 'zwö', null], kwargs: { x: { y: [1.5, true] } } };
}
