import {
  Complex,
  DateTime,
  Decimal,
  decodeRecord,
  encodeRecord,
  Float,
  PythonSet,
  RemoteError,
  ResultNode,
  type TaskRecord,
  Tuple,
  Uuid,
} from '@rb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { msgpack, msgpackSerializer } from '../src/msgpack/index.js';
import { documents } from './documents.js';

const exact = msgpackSerializer({ exactFloats: true });
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const hexOf = (value: unknown): string => Buffer.from(msgpack.encode(value)).toString('hex');

/** What MessagePack can say, as kombu reads it. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.integer(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
    fc.double(),
    fc.integer().map((whole) => new Float(whole)),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
    fc.array(tie('any'), { maxLength: 40 }),
    fc.dictionary(fc.string(), tie('any'), { maxKeys: 40, noNullPrototype: true }),
  ),
})).any;

describe('any value', () => {
  it('reads back as what was written', () => {
    fc.assert(fc.property(value, (any) => void expect(exact.decode(exact.encode(any))).toEqual(any)));
  });

  it('is refused when it is cut off anywhere', () => {
    fc.assert(
      fc.property(value, (any) => {
        const bytes = exact.encode(any) as Uint8Array;
        for (let end = 0; end < Math.min(bytes.length, 200); end += 1) {
          expect(() => exact.decode(bytes.subarray(0, end))).toThrow(expect.objectContaining({ code: 'RB_DECODE' }));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of bytes is read or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          msgpack.decode(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'RB_DECODE' });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

const WITH_OTHER_KEYS = /success_dict_(?:int|mixed)keys$/;

describe('what Celery stored', () => {
  const stored = documents('msgpack');

  it('is there', () => expect(stored.length).toBeGreaterThan(350));

  it('is read, and written again to the same bytes', () => {
    for (const [name, bytes] of stored.filter(([title]) => !WITH_OTHER_KEYS.test(title))) {
      expect(Buffer.from(exact.encode(exact.decode(bytes))).toString('hex'), name).toBe(bytes.toString('hex'));
    }
  });

  it('even with keys that are no text, which Celery itself cannot read again', () => {
    const [, bytes = hex('')] = stored.find(([title]) => WITH_OTHER_KEYS.test(title)) ?? [];
    expect(exact.decode(bytes)).toMatchObject({ result: expect.any(Map) });
    expect(() => exact.encode(exact.decode(bytes))).toThrow(/which Python would not read/);
  });
});

describe('forms', () => {
  it.each([
    [127, '7f'],
    [128, 'cc80'],
    [256, 'cd0100'],
    [65_536, 'ce00010000'],
    [2 ** 32, 'cf0000000100000000'],
    [2n ** 64n - 1n, 'cfffffffffffffffff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-129, 'd1ff7f'],
    [-32_769, 'd2ffff7fff'],
    [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
    [-(2n ** 63n), 'd38000000000000000'],
    [1.5, 'cb3ff8000000000000'],
    [-0, 'cb8000000000000000'],
    [new Float(1), 'cb3ff0000000000000'],
    ['é', 'a2c3a9'],
    ['x'.repeat(11), `ab${'78'.repeat(11)}`],
    ['x'.repeat(32), `d920${'78'.repeat(32)}`],
    [new Uint8Array([0]), 'c40100'],
    [new Tuple([1]), '9101'],
    [{ a: undefined, b: null }, '81a162c0'],
    [new Map([['a', 1]]), '81a16101'],
    [
      new RemoteError('E', 'm', [1]),
      `83a8${Buffer.from('exc_type').toString('hex')}a145ab${Buffer.from('exc_message').toString('hex')}9101aa${Buffer.from('exc_module').toString('hex')}a16d`,
    ],
    [new ResultNode('g'), '9292a167c0c0'],
    [{ toJSON: () => [1] }, '9101'],
  ])('writes %o as Python does', (any, expected) => {
    expect(hexOf(any)).toBe(expected);
  });

  it.each([
    ['d6ff 00000001', new Date(1_000)],
    ['d7ff 003d0900 00000001', new Date(1_001)],
    ['c70cff 00000000 ffffffffffffffff', new Date(-1_000)],
    ['ca3fc00000', 1.5],
    [
      '8201 a161 02 a162',
      new Map([
        [1, 'a'],
        [2, 'b'],
      ]),
    ],
    ['81a9 5f5f70726f746f5f5f 01', JSON.parse('{"__proto__": 1}')],
    ['cf 0000000000000001', 1],
  ])('reads %s, which others write', (bytes, expected) => {
    expect(msgpack.decode(hex(bytes))).toStrictEqual(expected);
  });

  it('keeps the microseconds of a timestamp', () => {
    expect(msgpack.decode(hex('d7ff 00000fa0 00000001'))).toEqual(
      new DateTime(1_000, { microseconds: 1, offsetSeconds: 0 }),
    );
  });

  it('carries a whole record', () => {
    const record: TaskRecord = {
      taskId: 't',
      state: 'FAILURE',
      result: new RemoteError('ValueError', 'builtins', [new Set([1]), 'x']),
      traceback: null,
      doneAt: 1_000,
      meta: { children: [new ResultNode('c')], args: [1] },
      expiresAt: null,
    };
    expect(decodeRecord('t', encodeRecord(record, msgpack), msgpack, null)).toEqual({
      ...record,
      result: new RemoteError('ValueError', 'builtins', ['[1]', 'x']),
    });
  });
});

describe('what it cannot carry', () => {
  it.each([
    [new Date(0), '$: an instance of Date has no form there'],
    [{ a: [new Decimal('1.5')] }, '$.a[0]: a Python decimal has no form there'],
    [[new Uuid('0'.repeat(32))], '$[0]: a Python uuid'],
    [new PythonSet([]), '$: a Python set'],
    [new Set([]), '$: an instance of Set'],
    [new Complex(1, 2), '$: a Python complex'],
    [2n ** 64n, '$: an integer of more than 64 bits'],
    [{ a: -(2n ** 63n) - 1n }, '$.a: an integer of more than 64 bits'],
    ['\ud800', '$: text with half a surrogate pair'],
    ['long enough to be measured first \udfff', '$: text with half'],
    [{ '\ud800': 1 }, 'text with half'],
    [[undefined], '$[0]: undefined has no form there'],
    [undefined, '$: undefined'],
    [() => 1, '$: function'],
    [new Map([[1, 2]]), '$: a Map key of type number'],
  ])('refuses %o', (any, message) => {
    expect(() => msgpack.encode(any)).toThrow(
      expect.objectContaining({ code: 'RB_ENCODE', message: expect.stringContaining(message) }),
    );
  });

  it('says nothing of what a getter throws', () => {
    const value = {
      get secret(): never {
        throw new RangeError('the secret');
      },
    };
    expect(() => msgpack.encode(value)).toThrow(
      expect.objectContaining({ code: 'RB_ENCODE', message: expect.not.stringContaining('the secret') }),
    );
  });

  it('writes as many items as it says, whatever a toJSON among them does', () => {
    const list: unknown[] = [{ toJSON: () => list.push(2) }, 1];
    expect(msgpack.decode(msgpack.encode(list))).toEqual([3, 1]);
  });

  it('refuses cycles and depth', () => {
    const cycle: unknown[] = [];
    cycle.push({ again: cycle });
    expect(() => msgpack.encode(cycle)).toThrow(/\$\[0\].again: an array contains itself/);
    const nested = (depth: number): unknown => Array.from({ length: depth }).reduce((inner: unknown) => [inner], 1);
    expect(msgpack.decode(msgpack.encode(nested(500)))).toEqual(nested(500));
    expect(() => msgpack.encode(nested(501))).toThrow(/maxDepth is 500/);
  });
});

describe('hostile bytes', () => {
  it.each([
    ['a list of 2^32 that is not there', 'ddffffffff'],
    ['a map of 2^32', 'dfffffffff'],
    ['text of 2^32', 'dbffffffff'],
    ['bytes of 2^32', 'c6ffffffff'],
    ['an extension of 2^32', 'c9ffffffffff'],
    ['10,000 lists inside each other', '91'.repeat(10_000)],
    ['10,000 maps inside each other', '81a161'.repeat(10_000)],
    ['something after the value', '0101'],
    ['nothing', ''],
    ['the byte that means nothing', 'c1'],
    ['text that is not UTF-8', 'a2fffe'],
    ['longer text that is not UTF-8', `bf${'78'.repeat(30)}ff`],
    ['a lone surrogate', 'a3eda080'],
    ['a list as key', '819001'],
    ['an unknown extension', 'd40100'],
    ['a timestamp beyond every date', 'c70cff000000007fffffffffffffff'],
    ['a timestamp with too many nanoseconds', 'd7ffffffffff00000000'],
  ])('%s: refused with RB_DECODE', (_, bytes) => {
    expect(() => msgpack.decode(hex(bytes))).toThrow(expect.objectContaining({ code: 'RB_DECODE' }));
  });

  it('millions of empty maps in 8 MB are refused before they take memory', () => {
    const bytes = Buffer.alloc(8_000_005, 0x80);
    bytes.set(hex('dd007a1200'));
    const before = process.memoryUsage().heapUsed;
    expect(() => msgpack.decode(bytes)).toThrow(/too many values \(maxItems is 2000000/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(400 * 2 ** 20);
  });

  it('limits hold both ways', () => {
    const small = msgpackSerializer({ maxBytes: 100, maxItems: 10 });
    expect(() => small.encode('x'.repeat(200))).toThrow(/maxBytes is 100/);
    expect(() => small.decode(msgpack.encode('x'.repeat(200)))).toThrow(/maxBytes is 100/);
    expect(() => small.encode(Array(10).fill(1))).toThrow(/maxItems is 10/);
    expect(() => small.decode(msgpack.encode(Array(10).fill(1)))).toThrow(/maxItems is 10/);
    expect(() => msgpackSerializer({ maxDepth: 501 })).toThrow(TypeError);
    expect(() => msgpack.decode('text')).toThrow(/expected bytes/);
  });
});
