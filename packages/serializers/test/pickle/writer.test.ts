import { DateTime, Decimal, Opaque, PlainTime, PythonSet, RemoteError, ResultError, ResultNode, Tuple } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { pickle, pickleSerializer } from '../../src/pickle/index.js';
import { OP } from '../../src/pickle/opcodes.js';
import { assemble, text } from './assemble.js';
import { tagged } from './tagged.js';

const hex = (value: unknown): string => Buffer.from(pickle.encode(value) as Uint8Array).toString('hex');
const message = (value: unknown, serializer = pickle): string => {
  try {
    serializer.encode(value);
  } catch (error) {
    expect(error).toBeInstanceOf(ResultError);
    expect((error as ResultError).code).toBe('RB_ENCODE');
    return (error as ResultError).message;
  }
  throw new Error('it was written');
};
const back = (value: unknown): unknown => tagged(pickle.decode(pickle.encode(value)));

describe('the written form', () => {
  it.each([
    [null, '4e'],
    [true, '88'],
    [false, '89'],
    [0, '4b00'],
    [255, '4bff'],
    [256, '4d0001'],
    [65_536, '4a00000100'],
    [-1, '4affffffff'],
    [-(2 ** 31), '4a00000080'],
    [2 ** 31, '8a080000008000000000'],
    [7n, '4b07'],
    [2n ** 63n, '8a09000000000000008000'],
    [-(2n ** 63n), '8a080000000000000080'],
    [-0, '478000000000000000'],
    [1.5, '473ff8000000000000'],
    [2 ** 53, '474340000000000000'],
    ['hello', '8c0568656c6c6f'],
    ['é', '5802000000c3a9'],
    ['\ud800', '8c03eda080'],
    [Uint8Array.of(1, 2), '43020102'],
    [new Tuple([]), '29'],
    [new Tuple([1, 2]), '4b014b0286'],
    [[], '5d2865'],
    [{}, '7d2875'],
    [{ a: null }, '7d288c01614e75'],
    [new PythonSet([1]), '8f284b0190'],
    [new PythonSet([1], true), '284b0191'],
  ])('of %s is protocol 4 without frames and memo', (value, body) => {
    expect(hex(value)).toBe(`8004${body}2e`);
  });

  it('of a group is what Celery restores, bound to the app that reads it', () => {
    const group = new ResultNode('g', null, [new ResultNode('a'), new ResultNode('b')]);
    const task = (id: string) =>
      [text('celery.result'), text('AsyncResult'), 'STACK_GLOBAL', text(id), 'TUPLE1', 'REDUCE'] as const;
    const expected = assemble(
      [OP.PROTO, 4],
      ...([text('celery.result'), text('GroupResult'), 'STACK_GLOBAL', text('g'), 'EMPTY_LIST', 'MARK'] as const),
      ...task('a'),
      ...task('b'),
      ...(['APPENDS', 'TUPLE2', 'REDUCE', 'STOP'] as const),
    );
    expect(Buffer.from(pickle.encode(group) as Uint8Array)).toEqual(expected);
  });

  it('keeps the parents of tasks and groups', () => {
    const chain = new ResultNode('c', new ResultNode('b', new ResultNode('a')));
    const group = new ResultNode('g', chain, [new ResultNode('m', chain)]);
    expect(back([chain, group])).toEqual(tagged([chain, group]));
  });

  it('of an exception inside a value is the dict that Celery describes one by', () => {
    expect(pickle.decode(pickle.encode([new RemoteError('ValueError', 'builtins', ['x', 1])]))).toEqual([
      { exc_type: 'ValueError', exc_message: new Tuple(['x', 1]), exc_module: 'builtins' },
    ]);
  });

  it('takes what JavaScript has besides: Set, Map, Buffer, objects without prototype', () => {
    const bare = Object.assign(Object.create(null), { a: 1 });
    expect(back([new Set([1]), new Map([[1, 2]]), Buffer.from('a'), bare])).toEqual(
      tagged([new PythonSet([1]), new Map([[1, 2]]), Uint8Array.of(97), { a: 1 }]),
    );
  });

  it('writes a shared object wherever it stands', () => {
    const shared = { k: 'v' };
    expect(pickle.decode(pickle.encode([shared, shared]))).toEqual([shared, shared]);
  });

  it('writes texts and bytes of every length class', () => {
    for (const length of [0, 84, 85, 86, 255, 256, 70_000]) {
      for (const value of [
        'a'.repeat(length),
        'ü'.repeat(length),
        `${'ü'.repeat(length)}\udfff`,
        new Uint8Array(length),
      ]) {
        expect(tagged(pickle.decode(pickle.encode(value)))).toEqual(tagged(value));
      }
    }
  });

  it('writes an integer of thousands of bytes', () => {
    for (const value of [2n ** 4_000n, -(2n ** 4_000n), 2n ** 2_039n, 2n ** 2_040n - 1n])
      expect(back(value)).toEqual(tagged(value));
  });

  it('mutates nothing', () => {
    const value = Object.freeze({ a: Object.freeze([1, Object.freeze({ b: 2 })]) });
    expect(() => pickle.encode(value)).not.toThrow();
  });
});

describe('dates', () => {
  it('writes a fixed offset where the zone does not have the one given', () => {
    const odd = new DateTime(0, { zone: 'Europe/Berlin', offsetSeconds: 53 * 60 });
    expect(back(odd)).toEqual({ $datetime: ['1970-01-01T00:53:00+00:53', null] });
  });

  it('writes a fixed offset for a zone that is unknown here', () => {
    const odd = new DateTime(0, { zone: 'Mars/Olympus', offsetSeconds: 3_600 });
    expect(back(odd)).toEqual({ $datetime: ['1970-01-01T01:00:00+01:00', null] });
  });

  it('keeps offsets of seconds and microseconds', () => {
    const odd = new DateTime(0, { offsetSeconds: -17_762.000_001 });
    expect(back(odd)).toEqual(tagged(odd));
    expect(back(new PlainTime('01:00:00-04:56:02.000001'))).toEqual({ $time: '01:00:00-04:56:02.000001' });
  });

  it('reads a zone that is unknown here as the inert datetime that it is', () => {
    const berlin = Buffer.from(
      pickle.encode(new DateTime(0, { zone: 'Europe/Berlin', offsetSeconds: 3_600 })) as Uint8Array,
    );
    const mars = Buffer.from(berlin.toString('latin1').replace('Europe/Berlin', 'Marsian/Plain'), 'latin1');
    expect(pickle.decode(mars)).toMatchObject({ module: 'datetime', name: 'datetime' });
  });

  it.each([
    ['an invalid Date', new Date(Number.NaN)],
    ['the year 10000', new Date(Date.UTC(10_000, 0))],
    ['the year 0', new Date(-62_167_219_200_000)],
  ])('refuses %s', (_title, value) => {
    expect(message({ when: value })).toMatch(/^cannot pickle \$\.when: /);
  });
});

describe('what cannot be written', () => {
  class Secret {
    readonly password = 'hunter2';
  }
  const cycle: unknown[] = [];
  cycle.push({ again: cycle });

  it.each([
    [undefined, '$: undefined has no counterpart in Python'],
    [{ a: [1, () => 1] }, '$.a[1]: function has no counterpart in Python'],
    [[Symbol('x')], '$[0]: symbol has no counterpart in Python'],
    [{ 'a b': undefined }, '$["a b"]: undefined has no counterpart in Python'],
    // biome-ignore lint/suspicious/noSparseArray: that is what is tested
    [[1, , 3], '$[1]: undefined has no counterpart in Python'],
    [{ user: new Secret() }, '$.user: an instance of Secret has no counterpart in Python'],
    [[new Error('x')], '$[0]: an instance of Error has no counterpart in Python'],
    [[new Uint16Array(1)], '$[0]: an instance of Uint16Array has no counterpart in Python'],
    [new Map([[{}, 1]]), '$[?]: an object is no key or member of a set in Python'],
    [new Map([[new Tuple([[1]]), 1]]), '$[?][0]: an array is no key or member of a set in Python'],
    [new Set([new Map()]), '$[0]: an instance of Map is no key or member of a set in Python'],
    [new PythonSet([new PythonSet([])]), '$[0]: a Python set is no key or member of a set in Python'],
    [cycle, '$[0].again: an array contains itself'],
    [
      [new Tuple([new RemoteError('E', null, [undefined])])],
      '$[0][0].exc_message[0]: undefined has no counterpart in Python',
    ],
  ])('names where it stands and what it is: case %#', (value, expected) => {
    expect(message(value)).toBe(`cannot pickle ${expected}`);
  });

  it('never shows a value, nor more than 60 characters of a key', () => {
    expect(message({ user: new Secret() })).not.toContain('hunter2');
    expect(message({ ['k'.repeat(500)]: undefined }).length).toBeLessThan(150);
  });

  it('is what exceeds the limits, doubling values included', () => {
    let doubled: unknown = 'x'.repeat(100);
    for (let i = 0; i < 40; i++) doubled = [doubled, doubled];
    expect(message(doubled, pickleSerializer({ maxBytes: 100_000 }))).toContain('maxBytes');
    expect(message(doubled, pickleSerializer({ maxItems: 100_000 }))).toContain('maxItems');
    expect(message(doubled, pickleSerializer({ maxDepth: 10 }))).toContain('maxDepth');
    expect(message(2n ** 800n, pickleSerializer({ maxIntegerBytes: 100 }))).toContain('maxIntegerBytes');
    for (const long of ['x'.repeat(1_000), 'ü'.repeat(1_000), '\ud800'.repeat(1_000), new Uint8Array(1_000)]) {
      expect(message(long, pickleSerializer({ maxBytes: 999 }))).toContain('maxBytes');
    }
  });
});

describe('opaque values', () => {
  const value = new Opaque('shop.models', 'Point', [1], { x: 1 });

  it('are refused by default, because Python would import and call what they name', () => {
    expect(message([value])).toMatch(/^cannot pickle \$\[0\]: an Opaque makes Python import and call .* writeOpaque/);
  });

  it('are written on request, in every form', () => {
    const trusting = pickleSerializer({ writeOpaque: true });
    const values = [
      value,
      new Opaque('m', 'f', [], undefined, { form: 'name' }),
      new Opaque('m', 'C', [1], { a: 1 }, { form: 'new' }),
      new Opaque('m', 'C', [1], null, { form: 'new', kwargs: { k: 1 } }),
      new Opaque('m', 'C', [], undefined, { items: [1, new Decimal('1.5')], entries: [['k', 2]] }),
    ];
    expect(tagged(trusting.decode(trusting.encode(values)))).toEqual(tagged(values));
  });
});

describe('the serializer', () => {
  it('has the names that kombu knows it by', () => {
    expect(pickle).toMatchObject({
      name: 'pickle',
      contentType: 'application/x-python-serialize',
      contentEncoding: 'binary',
    });
  });

  it.each([{ maxDepth: 0 }, { maxDepth: 1_001 }, { maxBytes: 1.5 }, { maxItems: -1 }, { maxIntegerBytes: Number.NaN }])(
    'refuses the limits %j',
    (options) => {
      expect(() => pickleSerializer(options)).toThrow(TypeError);
    },
  );
});
