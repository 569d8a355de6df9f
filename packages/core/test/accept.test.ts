import { describe, expect, it } from 'vitest';
import { accepting, innermost, json, jsonSerializer, memoryStore, type Serializer } from '../src/index.js';

/** Counts what it decodes, so that a refusal can be told from a failure to decode. */
function countingSerializer(name: string, first: number): Serializer & { decoded: number } {
  return {
    name,
    contentType: `application/x-${name}`,
    contentEncoding: 'binary',
    decoded: 0,
    recognizes: (data) => data[0] === first,
    encode: (value) => Buffer.concat([Buffer.from([first]), Buffer.from(JSON.stringify(value))]),
    decode(data) {
      this.decoded += 1;
      return JSON.parse(Buffer.from(data.slice(1) as Uint8Array).toString());
    },
  };
}

const around = (inner: Serializer): Serializer => ({
  ...inner,
  name: `around(${inner.name})`,
  inner,
  around,
  encode: (value) => `!${inner.encode(value)}`,
  decode: (data, context) => inner.decode(String(data).slice(1), context),
});

describe('what is accepted', () => {
  it('is, by default, what the serializer itself wrote, and JSON', () => {
    const one = countingSerializer('one', 0xf1);
    const two = countingSerializer('two', 0xf2);
    const reader = accepting(one);
    expect(reader.decode(one.encode([1]))).toEqual([1]);
    expect(reader.decode(json.encode([2]))).toEqual([2]);
    expect(reader.decode(Buffer.from(json.encode({ a: 2 })))).toEqual({ a: 2 });
    expect(() => reader.decode(two.encode([3]))).toThrow(
      expect.objectContaining({
        code: 'RB_DECODE',
        message: 'the data is of none of the content types that are accepted: application/json, application/x-one',
      }),
    );
    expect(one.decoded).toBe(1);
  });

  it('is what is listed, as serializers or by name', () => {
    const one = countingSerializer('one', 0xf1);
    const two = countingSerializer('two', 0xf2);
    const reader = accepting(one, ['one', two]);
    expect(reader.decode(two.encode([2]))).toEqual([2]);
    expect(() => reader.decode(json.encode([1]))).toThrow(/accepted: application\/x-one, application\/x-two/);
  });

  it('is told by the content type of the message, whatever the data looks like', () => {
    const one = countingSerializer('one', 0xf1);
    const reader = accepting(json, ['json', one]);
    const refused = () => reader.decode(json.encode([1]), { contentType: 'application/x-python-serialize' });
    expect(refused).toThrow(/none of the content types/);
    expect(() => accepting(json).decode('[1]', { contentType: 'application/x-one' })).toThrow(
      /accepted: application\/json$/,
    );
    expect(reader.decode('[1]', { contentType: 'application/json' })).toEqual([1]);
    expect(() => reader.decode('[1]', { contentType: 'application/x-one' })).toThrow();
    expect(one.decoded).toBe(1);
  });

  it('of one serializer alone is decoded by that one, which says what is wrong', () => {
    expect(() => accepting(json).decode('nonsense')).toThrow(/json/);
  });

  it('falls to the one that does not say how its data begins', () => {
    const { recognizes: _, ...silent } = countingSerializer('one', 0xf1);
    const reader = accepting(silent, [silent, json]);
    expect(reader.decode(silent.encode([1]))).toEqual([1]);
    expect(reader.decode('[2]')).toEqual([2]);
  });

  it('concerns the innermost of serializers around one another, with the options of the one that writes', () => {
    const exact = jsonSerializer({ exactFloats: true });
    const reader = accepting(around(around(exact)));
    expect(reader.name).toBe('around(around(json))');
    expect(innermost(reader).decode('1.0')).toEqual(exact.decode('1.0'));
    const one = countingSerializer('one', 0xf1);
    expect(accepting(around(json), [json, around(one)]).inner?.decode(one.encode([1]))).toEqual([1]);
  });

  it('takes an instance of a class, whose methods are its prototype’s', () => {
    class Reversed implements Serializer {
      readonly name = 'reversed';
      readonly contentType = 'application/x-reversed';
      readonly contentEncoding = 'utf-8';
      readonly #start = '!';
      encode(value: unknown): string {
        return this.#start + JSON.stringify(value);
      }
      decode(data: string | Uint8Array): unknown {
        return JSON.parse(String(data).slice(this.#start.length));
      }
    }
    const reader = accepting(new Reversed(), [new Reversed(), json]);
    expect(reader.decode(reader.encode([1]))).toEqual([1]);
    expect(reader.decode('[2]')).toEqual([2]);
  });

  it('reads bytes where any of them is binary', () => {
    expect(accepting(json).contentEncoding).toBe('utf-8');
    expect(accepting(json, ['json', countingSerializer('one', 0xf1)]).contentEncoding).toBe('binary');
  });

  it.each([
    [['msgpack'], /accept to hold serializers, such as msgpack of .*, got "msgpack"/],
    [[], /accept to include json, which writes/],
  ])('cannot be %j', (accept, message) => {
    expect(() => accepting(json, accept)).toThrow(message);
    expect(() => memoryStore({ accept })).toThrow(TypeError);
  });
});

describe('JSON', () => {
  const looks = (text: string): boolean | undefined => json.recognizes?.(text);

  it.each([
    ...[
      '{}',
      '{"a":1}',
      ' { "a" : 1}',
      '[]',
      '[1]',
      '[ -1]',
      '[[',
      '[NaN]',
      '"text"',
      '12',
      '-1.5e+3',
      'true',
      'null',
      'NaN',
    ],
    ...['-Infinity', `"${'x'.repeat(100)}"`, '9'.repeat(100), '{\n  "a": 1}'],
  ])('is recognized in %s', (text) => {
    expect([looks(text), json.recognizes?.(Buffer.from(text))]).toEqual([true, true]);
  });

  it.each(['', 'status: ok', '- 1', '{a: 1}', '"a": "b"', '2020-01-02', '[x]', '\u0080\u0005', 'y', '---\n{}'])(
    'is not in %j',
    (text) => expect(looks(text)).toBe(false),
  );
});

it('leaves a serializer alone whose data may begin as JSON does, unless JSON is asked for', () => {
  const lines: Serializer = {
    name: 'lines',
    contentType: 'text/x-lines',
    contentEncoding: 'utf-8',
    encode: (value) => (value as readonly string[]).join('\n'),
    decode: (data) => String(data).split('\n'),
  };
  const stored = `1${'0'.repeat(100)}\n2`;
  expect(accepting(lines).decode(stored)).toEqual(stored.split('\n'));
  expect(accepting(lines, [lines, json]).decode('{"a":1}')).toEqual({ a: 1 });
});
