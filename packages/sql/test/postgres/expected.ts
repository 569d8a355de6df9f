import { Complex, Decimal, PlainTime, PythonSet, RemoteError, TimeDelta, Tuple, Uuid } from '@rb/core';
import { RESULTS as COMMON } from '../expected.ts';

const remote = (type: string, module: string, ...args: unknown[]): RemoteError => new RemoteError(type, module, args);

/** What each result of the PostgreSQL vectors is, by name: those of every database, and more. */
export const RESULTS: typeof COMMON = {
  ...COMMON,
  success_int0: () => 0,
  success_int_neg1: () => -1,
  success_int255: () => 255,
  success_int256: () => 256,
  success_int65536: () => 65_536,
  success_int_2p31m1: () => 2 ** 31 - 1,
  success_int_neg2p31: () => -(2 ** 31),
  success_int_2p53: () => 2n ** 53n,
  success_int_neg2p53m1: () => -(2n ** 53n) - 1n,
  success_int_neg2p63: () => -(2n ** 63n),
  success_int_2p2100: () => 2n ** 2100n,
  success_float0_1: () => 0.1,
  success_float_neg0: () => -0,
  success_float1e300: () => 1e300,
  success_float1e16: () => 1e16,
  success_float_min: () => 5e-324,
  success_inf: () => Number.POSITIVE_INFINITY,
  success_neg_inf: () => Number.NEGATIVE_INFINITY,
  success_str_ascii: () => 'hello',
  success_str_empty: () => '',
  success_str_lone_surrogate: () => '\ud800',
  success_str_yamlish: () => 'yes',
  success_str_datelike: () => '2020-01-02',
  success_str_numlike: () => '123',
  success_str_multiline: () => 'line1\nline2\n',
  success_bytes_300: () => Uint8Array.from({ length: 300 }, (_, i) => (i < 256 ? i : 120)),
  success_list_empty: () => [],
  success_list1: () => [1],
  success_list_nested: () => [[1, [2, [3, []]]], {}],
  success_dict_empty: () => ({}),
  success_dict1: () => ({ a: 1 }),
  success_dict_mixedkeys: () =>
    new Map<unknown, number>([
      ['s', 1],
      [true, 2],
      [null, 3],
    ]),
  success_tuple_empty: () => new Tuple([]),
  success_tuple1: () => new Tuple([1]),
  success_list_1200: () => Array.from({ length: 1200 }, (_, i) => i),
  success_time_us: () => new PlainTime('12:34:56.000789'),
  success_uuid_nil: () => new Uuid('00000000-0000-0000-0000-000000000000'),
  success_decimal_nan: () => new Decimal('NaN'),
  success_frozenset: () => new PythonSet([4], true),
  success_timedelta: () => new TimeDelta(1, 2, 3),
  success_complex: () => new Complex(1, 2),
  failure_builtin_noargs: () => remote('ValueError', 'builtins'),
  failure_keyerror: () => remote('KeyError', 'builtins', 'missing'),
  // Celery pickles what it cannot import as the nearest class that it can.
  failure_local_class: ({ serializer }) =>
    serializer === 'pickle' ? remote('CustomError', 'goldenlib', 'lost') : remote('LocalError', 'nowhere.mod', 'lost'),
  failure_chord_error: () => remote('ChordError', 'celery.exceptions', "Dependency 9d0a raised ValueError('x')"),
  failure_not_registered: () => remote('NotRegistered', 'celery.exceptions', 'proj.add'),
  failure_max_retries: () =>
    remote('MaxRetriesExceededError', 'celery.exceptions', "Can't retry proj.add[id] args:() kwargs:{}"),
  failure_soft_time_limit: () => remote('SoftTimeLimitExceeded', 'billiard.exceptions'),
  failure_revoked_as_failure: () => remote('TaskRevokedError', 'celery.exceptions', 'terminated'),
  failure_ignore: () => remote('Ignore', 'celery.exceptions'),
};

/** Exceptions whose arguments differ with Python, Celery and serializer, as JSON has them. */
export const RESULTS_OF_JSON: typeof COMMON = {
  ...RESULTS,
  failure_retry_exc: () =>
    remote('Retry', 'celery.exceptions', "Retry(Retry(...), ValueError('inner'), 10)", "ValueError('inner')", 10),
  failure_unicodedecode: ({ celery }) =>
    remote('UnicodeDecodeError', 'builtins', 'utf-8', bytesOf(celery, 0xff), 0, 1, 'invalid start byte'),
  failure_bytes_arg: ({ celery }) => remote('CustomError', 'goldenlib', bytesOf(celery, 0xff, 0)),
};

/** Older versions write bytes as Python shows them. */
const bytesOf = (celery: string, ...bytes: readonly number[]): unknown =>
  celery === '5.2.6'
    ? `b'${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}'`
    : new Uint8Array(bytes);
