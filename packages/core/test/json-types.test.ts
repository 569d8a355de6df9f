import { describe, expect, it } from 'vitest';
import { DateTime, Decimal, json, jsonSerializer, PlainDate, PlainTime, PythonSet, Uuid } from '../src/index.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const plain = jsonSerializer({ typed: 'plain' });

/** What is written, how kombu >= 5.3 has it, and how kombu 5.2 has it. */
const FORMS: readonly (readonly [string, unknown, string, string])[] = [
  [
    'a Date',
    new Date(Date.UTC(2024, 0, 1)),
    '{"__type__":"datetime","__value__":"2024-01-01T00:00:00+00:00"}',
    '"2024-01-01T00:00:00Z"',
  ],
  [
    'a Date with milliseconds',
    new Date(Date.UTC(2024, 0, 1, 0, 0, 0, 7)),
    '{"__type__":"datetime","__value__":"2024-01-01T00:00:00.007000+00:00"}',
    '"2024-01-01T00:00:00.007000Z"',
  ],
  [
    'a naive datetime',
    DateTime.fromIso('2024-02-29T12:34:56.789012'),
    '{"__type__":"datetime","__value__":"2024-02-29T12:34:56.789012"}',
    '"2024-02-29T12:34:56.789012"',
  ],
  [
    'a datetime with an offset',
    DateTime.fromIso('2024-02-29T12:34:56+05:30'),
    '{"__type__":"datetime","__value__":"2024-02-29T12:34:56+05:30"}',
    '"2024-02-29T12:34:56+05:30"',
  ],
  ['a date', new PlainDate('2024-02-29'), '{"__type__":"date","__value__":"2024-02-29"}', '"2024-02-29T00:00:00"'],
  [
    'a time',
    new PlainTime('12:34:56.000789'),
    '{"__type__":"time","__value__":"12:34:56.000789"}',
    '"12:34:56.000789"',
  ],
  ['a decimal', new Decimal('9.99'), '{"__type__":"decimal","__value__":"9.99"}', '"9.99"'],
  ['a decimal NaN', new Decimal('NaN'), '{"__type__":"decimal","__value__":"NaN"}', '"NaN"'],
  [
    'a UUID',
    new Uuid('12345678123446789234567812345678'),
    '{"__type__":"uuid","__value__":{"hex":"12345678123446789234567812345678"}}',
    '"12345678-1234-4678-9234-567812345678"',
  ],
];

describe('typed values', () => {
  it.each(FORMS)('are written as kombu 5.3 writes them and read back equal: %s', (_name, value, text) => {
    expect(json.encode(value)).toBe(text);
    expect(json.decode(text)).toStrictEqual(value);
  });

  it.each(FORMS)('are written as kombu 5.2 writes them on request: %s', (_name, value, _text, text) => {
    expect(plain.encode(value)).toBe(text);
  });

  it('are read back inside other values', () => {
    const value = { list: [new Decimal('1'), { when: new Date(0) }], plain: 1 };
    expect(json.decode(json.encode(value))).toStrictEqual(value);
  });

  it('are recognised with escapes and spaces in the text too', () => {
    expect(json.decode('{ "\\u005f_type__" : "decimal", "__value__":"1" }')).toStrictEqual(new Decimal('1'));
  });
});

describe('bytes', () => {
  it.each([
    ['text', utf8('grüß'), '{"__type__":"bytes","__value__":"grüß"}'],
    ['text with a byte order mark', utf8('\ufeffa'), '{"__type__":"bytes","__value__":"\ufeffa"}'],
    ['none', bytes(), '{"__type__":"bytes","__value__":""}'],
    ['anything else', bytes(0x00, 0xff, 0xfe, 0x80), '{"__type__":"base64","__value__":"AP/+gA=="}'],
  ])('are written as kombu does, by what they hold: %s', (_name, value, text) => {
    expect(json.encode(value)).toBe(text);
    expect(json.decode(text)).toEqual(value);
  });

  it('may be a megabyte, and a Buffer', () => {
    const large = Buffer.alloc(1_000_000, 0xff);
    expect(json.decode(json.encode(large))).toEqual(new Uint8Array(large));
  });

  it('are refused in the plain form, as kombu 5.2 does', () => {
    for (const value of [bytes(1), Buffer.from('a')]) {
      expect(() => plain.encode({ value })).toThrow(/kombu 5\.2 \(at \$\.value\)/);
    }
  });
});

describe('reading typed values of other writers', () => {
  it.each([
    [
      'kombu 5.3.0, with a version',
      '{"__type__":"uuid","__value__":{"hex":"12345678123446789234567812345678","version":4}}',
      new Uuid('12345678123446789234567812345678'),
    ],
    ['a datetime with Z', '{"__type__":"datetime","__value__":"2024-01-01T00:00:00Z"}', new Date(Date.UTC(2024, 0, 1))],
    [
      'a date with a time, which Python cuts',
      '{"__type__":"date","__value__":"2024-02-29T12:00:00"}',
      new PlainDate('2024-02-29'),
    ],
    [
      'the recipe: datetime',
      '{"__type__":"datetime","value":"2024-01-01T00:00:00+00:00"}',
      new Date(Date.UTC(2024, 0, 1)),
    ],
    ['the recipe: date', '{"__type__":"date","value":"2024-02-29"}', new PlainDate('2024-02-29')],
    ['the recipe: Decimal', '{"__type__":"Decimal","value":"9.99"}', new Decimal('9.99')],
    ['the recipe: decimal', '{"value":"9.99","__type__":"decimal"}', new Decimal('9.99')],
    ['the recipe: set', '{"__type__":"set","value":[1,[2]]}', new PythonSet([1, [2]])],
    ['the recipe: bytes', '{"__type__":"bytes","value":"AP8="}', bytes(0x00, 0xff)],
    [
      'the recipe: UUID',
      '{"__type__":"UUID","value":"12345678-1234-4678-9234-567812345678"}',
      new Uuid('12345678123446789234567812345678'),
    ],
  ])('understands %s', (_name, text, value) => {
    expect(json.decode(text)).toStrictEqual(value);
  });

  it.each([
    '{"__type__":"unknown","__value__":1}',
    '{"__type__":"constructor","__value__":1}',
    '{"__type__":"__proto__","value":1}',
    '{"__type__":["datetime"],"__value__":"2024-01-01T00:00:00"}',
    '{"__type__":"datetime","__value__":"yesterday"}',
    '{"__type__":"datetime","__value__":5}',
    '{"__type__":"decimal","__value__":"1,5"}',
    '{"__type__":"uuid","__value__":null}',
    '{"__type__":"uuid","__value__":{"hex":"12"}}',
    '{"__type__":"base64","__value__":"?"}',
    '{"__type__":"bytes","__value__":"\\ud800"}',
    '{"__type__":"set","value":5}',
    '{"__type__":"decimal","__value__":"1","more":true}',
    '{"__type__":"decimal","other":"1"}',
    '{"__type__":"decimal"}',
  ])('keeps %s as the object that it is', (text) => {
    expect(json.decode(text)).toStrictEqual(JSON.parse(text));
  });
});

describe('an object that only looks like a typed value', () => {
  const poison = { __type__: 'mine', __value__: 1 };

  it.each([
    ['an object', poison],
    ['inside others', [{ a: poison }]],
    ['a Map', new Map<string, unknown>(Object.entries(poison))],
    ['beside what is left out', { ...poison, more: undefined }],
    ['from toJSON', { toJSON: () => poison }],
  ])('is refused, since Celery could not read the whole result: %s', (_name, value) => {
    for (const serializer of [json, plain]) {
      expect(() => serializer.encode(value)).toThrow(/Celery takes for a typed value/);
    }
  });

  it('is written where one of the two is left out, or a third is there', () => {
    expect(json.encode({ __type__: 'mine', __value__: undefined })).toBe('{"__type__":"mine"}');
    expect(json.encode({ ...poison, more: 1 })).toBe('{"__type__":"mine","__value__":1,"more":1}');
  });

  it('is written for a marker that the Python side has registered, and survives the way there and back', () => {
    const own = jsonSerializer({ markers: ['mine'] });
    expect(own.decode(own.encode({ a: poison }))).toEqual({ a: poison });
    expect(() => own.encode({ __type__: 'other', __value__: 1 })).toThrow(/Celery takes for a typed value/);
  });
});
