import {
  DateTime,
  Decimal,
  json,
  Opaque,
  PlainDate,
  PlainTime,
  PythonSet,
  RemoteError,
  type Serializer,
  type TaskRecord,
  Tuple,
  Uuid,
} from '@rb/core';
import { pickle } from '@rb/serializers/pickle';
import { columnOf, type Vector } from '@rb/vectors';

/** args and kwargs as the bytes that they are: msgpack and yaml come with serializers of their own. */
const bytes: Serializer = {
  name: 'bytes',
  contentType: 'application/data',
  contentEncoding: 'binary',
  encode: (value) => value as Uint8Array,
  decode: (data) => new Uint8Array(data as Uint8Array),
};
export const serializers: Readonly<Record<Vector['serializer'], Serializer>> = {
  json,
  pickle,
  msgpack: bytes,
  yaml: bytes,
};

const remote = (type: string, module: string, ...args: unknown[]): RemoteError => new RemoteError(type, module, args);
const opaque = (n: number): Opaque => new Opaque('goldenlib', 'Opaque', [], { v: n }, { form: 'new' });

/** What each vector's result is, by name. */
export const RESULTS: Readonly<Record<string, (vector: Vector) => unknown>> = {
  success_none: () => null,
  success_true: () => true,
  success_int1: () => 1,
  success_int_2p53p1: () => 9007199254740993n,
  success_int_2p70: () => 2n ** 70n,
  success_float1_5: () => 1.5,
  success_float1_0: () => 1,
  success_nan: () => Number.NaN,
  success_str_unicode: () => 'Grüße ✓ 😀',
  success_str_300: () => 'x'.repeat(300),
  success_bytes_utf8: () => new Uint8Array(Buffer.from('hello')),
  success_bytes_bin: () => new Uint8Array([0, 0xff, 0xfe, 0x80]),
  success_dict_nested: () => ({ a: { b: [1, { c: null }] }, d: 'e' }),
  success_dict_intkeys: () =>
    new Map([
      [1, 'one'],
      [2, 'two'],
    ]),
  success_tuple_nested: () => new Tuple([new Tuple([1, 2]), [3, new Tuple([4])]]),
  success_set: () => new PythonSet([3]),
  success_shared_ref: () => [{ k: 'v' }, { k: 'v' }, 'repeat-me', 'repeat-me'],
  success_datetime_naive_us: () => DateTime.fromIso('2024-02-29T12:34:56.789012'),
  success_datetime_offset: () => DateTime.fromIso('2024-02-29T12:34:56+05:30'),
  success_date: () => new PlainDate('2024-02-29'),
  success_time: () => new PlainTime('12:34:56'),
  success_uuid4: () => new Uuid('12345678-1234-4678-9234-567812345678'),
  success_decimal: () => new Decimal('1234567890.123456789'),
  success_nested_types: () => ({
    when: new Date(Date.UTC(2024, 0, 1)),
    id: new Uuid('00000000-0000-0000-0000-000000000001'),
    amount: new Decimal('9.99'),
    raw: new Uint8Array([0xff]),
  }),
  success_opaque_object: () => opaque(1),
  success_no_request: () => 42,
  success_stamps: () => 'ok',
  success_extended_odd_args: () => 'ok',
  success_extended_no_delivery: () => 'ok',
  custom_progress: () => ({ current: 3, total: 10 }),
  failure_builtin: () => remote('ValueError', 'builtins', 'böom'),
  failure_custom_nested: () => remote('Outer.InnerError', 'goldenlib', 'inner'),
  failure_nonjson_arg: ({ serializer }) =>
    remote('ValueError', 'builtins', serializer === 'pickle' ? opaque(3) : '<Opaque 3>', 'x'),
  failure_datetime_arg: ({ serializer }) =>
    remote(
      'CustomError',
      'goldenlib',
      serializer === 'msgpack' ? 'datetime.datetime(2024, 1, 1, 0, 0)' : DateTime.fromIso('2024-01-01T00:00:00'),
    ),
  retry_none: () => null,
  revoked_revoked: () => remote('TaskRevokedError', 'celery.exceptions', 'revoked'),
  revoked_terminated: () => remote('TaskRevokedError', 'celery.exceptions', 'terminated'),
  transition_FAILURE_then_SUCCESS: () => 'v1',
  transition_REVOKED_then_STARTED: () => 'v1',
  transition_SUCCESS_then_SUCCESS: () => 'v1',
  transition_FAILURE_then_STARTED: () => 'v1',
};

/** What Celery's own reader said. */
const celerySays = ({ celery_reads: { meta_repr: repr = {} } }: Vector, key: string): string | undefined => repr[key];

/** `datetime.datetime(2026, 11, 22, 17, 3, 59, 460545)`, naive UTC. */
export function doneAtOf(vector: Vector): number | null {
  const numbers = celerySays(vector, 'date_done')?.match(/\d+/g)?.map(Number);
  if (numbers === undefined) return null;
  const [year = 0, month = 0, day, hour, minute, second, micros = 0] = numbers;
  return Date.UTC(year, month - 1, day, hour, minute, second) + micros / 1_000;
}

/** name, args ... as a worker with result_extended stores them; without it, nothing. */
export function metaOf(vector: Vector): TaskRecord['meta'] {
  const { name, serializer } = vector;
  if (!vector.extended || name === 'success_no_request') return {};
  const column = (key: string): Uint8Array => new Uint8Array(columnOf(vector, key) as Uint8Array);
  const coded = serializers[serializer] === bytes;
  const args = (value: unknown): unknown => (coded ? column('args') : value);
  const kwargs = (value: unknown): unknown => (coded ? column('kwargs') : value);
  if (name === 'success_extended_no_delivery') return { retries: 0, args: args(null), kwargs: kwargs(null) };
  const worker = { name: 'proj.tasks.add', worker: 'worker1@host', queue: 'celery' };
  if (name === 'success_extended_odd_args') {
    const nested = serializer === 'pickle' ? new Tuple([1, new Tuple([2, 3])]) : [1, [2, 3]];
    return { ...worker, retries: 0, args: args(nested), kwargs: kwargs({}) };
  }
  return { ...worker, retries: 1, args: args([2, 'zwö', null]), kwargs: kwargs({ x: { y: [1.5, true] } }) };
}
