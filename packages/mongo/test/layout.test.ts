import { DateTime, Decimal, json, PlainDate, ResultNode, type TaskMeta, Uuid } from '@rb/core';
import { Binary, BSON, Decimal128, Double, Long, UUID } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { bsonValues } from '../src/bson-values.js';
import { layoutOf } from '../src/layout.js';
import { recordOf } from './stores.js';

const layout = layoutOf(BSON, bsonValues(BSON), json, 16 * 2 ** 20);
const bytesOf = (meta: TaskMeta): Uint8Array => BSON.serialize({ _id: 'a', ...layout.encode(recordOf({ meta })) });

describe('arguments and stamps', () => {
  it.for<readonly [name: string, value: unknown, stored: unknown]>([
    ['small integers', [0, -1, 2 ** 31 - 1], [0, -1, 2 ** 31 - 1]],
    ['large integers', [2 ** 31, 2 ** 53 - 1], [Long.fromNumber(2 ** 31), Long.fromNumber(2 ** 53 - 1)]],
    ['integers beyond what a number holds', [2n ** 62n], [Long.fromBigInt(2n ** 62n)]],
    ['floats', [1.5, -0, 1e300], [new Double(1.5), new Double(-0), new Double(1e300)]],
    [
      'text, dates, bytes',
      ['ü', new Date(5), new Uint8Array([1])],
      ['ü', new Date(5), new Binary(new Uint8Array([1]))],
    ],
    ['UUIDs', new Uuid('12345678123446789234567812345678'), new UUID('12345678123446789234567812345678')],
    ['decimals', new Decimal('9.990'), Decimal128.fromString('9.990')],
    ['dicts', { a: { b: null } }, { a: { b: null } }],
  ])('of %s are kept as BSON has them, and read as the same', ([, args, stored]) => {
    const document = layout.encode(recordOf({ meta: { args } }));
    expect(document.args).toEqual(stored);
    expect(document).not.toHaveProperty('rb_meta');
    expect(layout.decode(bytesOf({ args }))).toMatchObject({ meta: { args } });
  });

  it.for<readonly [name: string, value: unknown, stored: unknown]>([
    ['integers beyond 64 bits', [2n ** 70n], [String(2n ** 70n)]],
    ['dates of Python', DateTime.fromIso('2024-02-29T12:34:56.789012+05:30'), new Date('2024-02-29T07:04:56.789Z')],
    ['days', new PlainDate('2024-02-29'), null],
    ['keys that mean something to MongoDB', { a: 1, 'b.$c': 2 }, null],
    ['half a surrogate pair', ['\ud800'], ['\ud800']],
  ])('of %s are kept beside what BSON can say of them', ([, args, stored]) => {
    const document = layout.encode(recordOf({ meta: { args } }));
    expect(document.args).toEqual(stored);
    expect(document.rb_meta).toBeTypeOf('string');
    expect(layout.decode(bytesOf({ args }))).toMatchObject({ meta: { args } });
  });

  it('of any name are kept, and none takes the place of a field', () => {
    const meta = {
      _id: 'x',
      rb_meta: 'y',
      rb_expires_at: 1,
      'a.b': 2,
      $set: 3,
      __proto__x: 4,
      stamp: ['s'],
      name: null,
    };
    expect(layout.decode(bytesOf(meta))).toMatchObject({ taskId: 'a', expiresAt: null, meta });
    expect(layout.encode(recordOf({ meta }))).toMatchObject({ stamp: ['s'], name: null });
  });
});

describe('a document', () => {
  it('has all fields that Celery asks for, null where there is nothing', () => {
    expect(layout.encode(recordOf({ doneAt: 5.25 }))).toEqual({
      ...{ status: 'SUCCESS', result: '1', traceback: null, children: null, date_done: new Date(5), rb_done_us: 250 },
      ...{ name: null, args: null, kwargs: null, worker: null, retries: null, queue: null },
    });
  });

  it('of Celery may hold what only MongoDB has, and values that no serializer made', () => {
    const document = {
      ...{ _id: 'a', status: 'SUCCESS', result: { n: 2 ** 40, when: new Date(7) }, traceback: null, children: [] },
      ...{
        date_done: new Date(9),
        name: 'n',
        args: null,
        rb_future: 1,
        id: new BSON.ObjectId('6566f0a0a0a0a0a0a0a0a0a0'),
      },
    };
    expect(layout.decode(BSON.serialize(document))).toEqual(
      recordOf({
        result: { n: 2 ** 40, when: new Date(7) },
        doneAt: 9,
        meta: { children: [], name: 'n', id: '6566f0a0a0a0a0a0a0a0a0a0' },
      }),
    );
  });

  it.for<readonly [name: string, fields: object]>([
    ['no status', { status: 5 }],
    ['a result that is no JSON', { result: 'rb: no' }],
    ['metadata that is no JSON', { rb_meta: '{' }],
    ['bytes of another serializer', { result: new Binary(Buffer.from([0x80, 4, 0x4e, 0x2e])) }],
  ])('with %s is refused, naming its id and nothing else of it', ([, fields]) => {
    const outcome = layout.decode(BSON.serialize({ _id: 'a', status: 'SUCCESS', result: '"payload"', ...fields }));
    expect(outcome).toMatchObject({ taskId: 'a', refused: { code: 'RB_DECODE', taskId: 'a' } });
    expect(String('refused' in outcome && outcome.refused)).not.toContain('payload');
  });

  it('is read though its text is no UTF-8: as one that cannot be, with its id', () => {
    const bytes = Buffer.from(BSON.serialize({ _id: 'a', status: 'SUCCESS', result: '"xx"', traceback: null }));
    bytes[bytes.indexOf('"xx"') + 1] = 0xff;
    expect(layout.decode(bytes)).toMatchObject({ taskId: 'a', refused: { code: 'RB_DECODE' } });
  });

  it('that is too large, or whose id is no text, is refused', () => {
    const encode = (fields: object) => () => layoutOf(BSON, bsonValues(BSON), json, 1_000).encode(recordOf(fields));
    expect(encode({ result: 'x'.repeat(1_000) })).toThrow(
      expect.objectContaining({ code: 'RB_TOO_LARGE', taskId: 'a' }),
    );
    expect(encode({ taskId: '\ud800' })).toThrow(expect.objectContaining({ code: 'RB_ENCODE' }));
    expect(encode({ expiresAt: 1e18 })).toThrow(expect.objectContaining({ code: 'RB_ENCODE' }));
    expect(encode({ meta: { children: [new ResultNode('c')] } })).not.toThrow();
  });
});
