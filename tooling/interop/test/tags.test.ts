import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Complex,
  DateTime,
  Decimal,
  Float,
  PlainDate,
  PlainTime,
  PythonSet,
  RemoteError,
  ResultNode,
  TimeDelta,
  Tuple,
  Uuid,
} from '@rb/core';
import { afterAll, describe, expect, it } from 'vitest';
import { celeryTest } from '../src/fixture.ts';
import { fromTagged, type Tagged, toTagged } from '../src/tags.ts';
import { CELERY_VERSIONS } from '../src/vectors.ts';

/** What is sent, and what comes back where that is not the same. */
const VALUES: readonly (readonly [name: string, ours: unknown, tagged: Tagged, back?: unknown])[] = [
  ['None', null, null],
  ['a bool', true, true],
  ['a str with lone surrogates', 'ü\u2028\ud83d\ude00\ud800', 'ü\u2028\ud83d\ude00\ud800'],
  ['an int', -7, -7],
  ['the largest exact int', Number.MAX_SAFE_INTEGER, 9007199254740991],
  ['an int beyond that', 2n ** 64n, { $int: '18446744073709551616' }],
  ['a small bigint', 5n, 5, 5],
  ['a float', 1.5, 1.5],
  ['the smallest float', 5e-324, 5e-324],
  ['a whole float', new Float(1), { $float: '1.0' }],
  ['a float that is whole for its size', 1e22, { $float: '1e+22' }],
  ['minus zero', -0, { $float: '-0.0' }],
  ['minus zero as Float', new Float(-0), { $float: '-0.0' }, -0],
  ['nan', Number.NaN, { $float: 'nan' }],
  ['minus infinity', Number.NEGATIVE_INFINITY, { $float: '-inf' }],
  ['bytes', new Uint8Array([0, 255]), { $bytes: 'AP8=' }],
  ['a tuple', new Tuple([1, new Tuple([])]), { $tuple: [1, { $tuple: [] }] }],
  ['a set', new PythonSet([1, 2]), { $set: [1, 2] }],
  ['a JavaScript Set', new Set([1]), { $set: [1] }, new PythonSet([1])],
  ['a frozenset', new PythonSet(['a'], true), { $frozenset: ['a'] }],
  ['a dict', { a: { b: [1] } }, { a: { b: [1] } }],
  ['a dict that looks tagged', { $int: '1' }, { $dict: [['$int', '1']] }],
  ['a dict with a harmless name', JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 1}')],
  ['a dict with int keys', new Map([[1, 'one']]), { $dict: [[1, 'one']] }],
  ['an aware datetime', new Date(0), { $datetime: '1970-01-01T00:00:00+00:00' }],
  [
    'a datetime with microseconds and an offset',
    DateTime.fromIso('2024-02-29T12:34:56.789012+05:30'),
    { $datetime: '2024-02-29T12:34:56.789012+05:30' },
  ],
  ['a naive datetime', DateTime.fromIso('0001-01-01T00:00:00'), { $datetime: '0001-01-01T00:00:00' }],
  ['a date', new PlainDate('2024-02-29'), { $date: '2024-02-29' }],
  ['a time', new PlainTime('12:34:56.000789+02:00'), { $time: '12:34:56.000789+02:00' }],
  ['a timedelta', new TimeDelta(-1, 86_399, 999_999), { $timedelta: [-1, 86_399, 999_999] }],
  ['a UUID', new Uuid('12345678123446789234567812345678'), { $uuid: '12345678123446789234567812345678' }],
  ['a Decimal', new Decimal('1E+3'), { $decimal: '1E+3' }],
  [
    'a group with a parent',
    new ResultNode('g', new ResultNode('p'), [new ResultNode('m')]),
    { $result: [['g', [['p', null], null]], [[['m', null], null]]] },
  ],
];

describe('a tag', () => {
  it.for(VALUES)('stands for %s', ([, ours, tagged, back = ours]) => {
    expect(toTagged(ours)).toStrictEqual(tagged);
    expect(fromTagged(tagged)).toStrictEqual(back);
  });

  it('is refused to what Python has no tag for', () => {
    for (const value of [undefined, () => 1, Symbol('s'), new Complex(1, 2), new URL('file:///'), [undefined]])
      expect(() => toTagged(value)).toThrow(TypeError);
    expect(() => fromTagged({ $repr: '<object>' })).toThrow(TypeError);
  });
});

const directory = mkdtempSync(join(tmpdir(), 'rb-tags-'));
afterAll(() => rmSync(directory, { recursive: true }));

for (const version of CELERY_VERSIONS) {
  const celery = await celeryTest(version);

  describe(`the Python of Celery ${version}`, () => {
    // Pickling a result with its backend is Celery's business, not that of tags.
    const values = VALUES.filter(([, ours]) => !(ours instanceof ResultNode));

    celery.for(values)('pickles and returns %s', async ([, ours, , back = ours], { oracle }) => {
      const body = await oracle.call('pickle_dumps', { value: toTagged(ours) });
      expect(fromTagged(await oracle.call('pickle_loads', { body }))).toStrictEqual(back);
    });

    celery('pickles and returns an exception', async ({ oracle }) => {
      const error = new RemoteError('ValueError', 'builtins', ['boom', 1]);
      const body = await oracle.call('pickle_dumps', { value: toTagged(error) });
      const back = fromTagged(await oracle.call('pickle_loads', { body }));
      expect(back).toStrictEqual(new RemoteError('ValueError', 'builtins', ['boom', 1], "('boom', 1)"));
    });

    celery('knows a result and its members', async ({ oracle }) => {
      const group = new ResultNode('g', null, [new ResultNode('m')]);
      // Every other serializer stores the tuple instead of the object.
      const conf = { result_serializer: 'pickle', accept_content: ['pickle'] };
      await oracle.call('configure', { backend: `db+sqlite:///${directory}/${version}.db`, conf });
      await oracle.call('store_result', { task_id: 'a', result: toTagged(group), state: 'SUCCESS' });
      const meta = await oracle.call('get_task_meta', { task_id: 'a' });
      expect(fromTagged(meta.result)).toStrictEqual(group);
    });
  });
}
