import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { codec, Decimal, isResultError, json, jsonSerializer } from '../src/index.js';

class Money {
  readonly amount: Decimal;
  readonly currency: string;
  constructor(amount: Decimal, currency: string) {
    this.amount = amount;
    this.currency = currency;
  }
}
class Account {
  readonly owner: string;
  readonly balance: Money;
  constructor(owner: string, balance: Money) {
    this.owner = owner;
    this.balance = balance;
  }
}

const money = codec('money', {
  test: (value) => value instanceof Money,
  encode: ({ amount, currency }) => [amount, currency],
  decode(stored) {
    const [amount, currency] = stored as [Decimal, string];
    if (currency.length !== 3) throw new Error(`no currency: ${currency}`);
    return new Money(amount, currency);
  },
});
const account = codec('account', {
  test: (value): value is Account => value instanceof Account,
  encode: ({ owner, balance }) => ({ owner, balance }),
  decode: (stored) => new Account((stored as Account).owner, (stored as Account).balance),
});
const serializer = jsonSerializer({ codecs: [money, account] });
const price = new Money(new Decimal('9.99'), 'EUR');
const PRICE = '{"__type__":"money","__value__":[{"__type__":"decimal","__value__":"9.99"},"EUR"]}';

const refusalOf = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

describe('a codec', () => {
  it("writes its class in kombu's form, wherever it stands, and reads it back", () => {
    expect(serializer.encode(price)).toBe(PRICE);
    for (const value of [price, [price], { a: { b: price }, plain: [1, 'x'] }, new Map([['k', price]])]) {
      const text = serializer.encode(value);
      expect(text).toContain(PRICE);
      const read = serializer.decode(text);
      expect(read).toStrictEqual(value instanceof Map ? { k: price } : value);
    }
  });

  it('may give values of other codecs', () => {
    const value = new Account('ada', price);
    expect(serializer.encode(value)).toBe(`{"__type__":"account","__value__":{"owner":"ada","balance":${PRICE}}}`);
    expect(serializer.decode(serializer.encode(value))).toStrictEqual(value);
  });

  it('goes before toJSON, and the first one that fits before the others', () => {
    class Point {
      toJSON(): string {
        return 'toJSON';
      }
    }
    const isPoint = (value: unknown): value is Point | null => value instanceof Point;
    const first = codec('point', { test: isPoint, encode: () => 1, decode: () => null });
    const second = codec('second', { test: isPoint, encode: () => 2, decode: () => null });
    const both = jsonSerializer({ codecs: [first, second] });
    expect(both.encode(new Point())).toBe('{"__type__":"point","__value__":1}');
    // null is a value as any other.
    expect(both.decode('{"__type__":"point","__value__":1}')).toBe(null);
    expect(json.encode(new Point())).toBe('"toJSON"');
  });

  it('is not asked about what JSON, or this serializer, has a form for', () => {
    const asked: unknown[] = [];
    const greedy = codec('greedy', {
      test: (value): value is object => asked.push(value) > 0,
      encode: () => 'greedy',
      decode: (stored) => ({ stored }),
    });
    const { encode } = jsonSerializer({ codecs: [greedy] });
    encode({ a: [1, 'x', null, 2n ** 70n, Number.NaN], d: new Date(0), b: new Uint8Array(1), n: new Decimal('1') });
    encode(Object.assign(Object.create(null), { a: 2n }));
    expect(asked).toEqual([]);
    expect(encode([price])).toBe('[{"__type__":"greedy","__value__":"greedy"}]');
    expect(asked).toEqual([price]);
  });

  it('is not taken for objects that only look like its form', () => {
    expect(serializer.decode('{"__type__":"money","__value__":1,"more":1}')).toEqual({
      __type__: 'money',
      __value__: 1,
      more: 1,
    });
    expect(serializer.decode('{"__type__":"constructor","__value__":1}')).toEqual({
      __type__: 'constructor',
      __value__: 1,
    });
    expect(refusalOf(() => serializer.encode({ __type__: 'money', __value__: 1 }))).toMatchObject({
      code: 'RB_ENCODE',
    });
    expect(json.decode(PRICE)).toMatchObject({ __type__: 'money' });
  });

  it.each([
    ['{"__type__":"money","__value__":[1,"rosebud"]}', 'the codec "money" cannot read what ends at character 46'],
    ['[{"__type__":"money","__value__":null}]', 'the codec "money" cannot read what ends at character 38'],
  ])('that refuses what is stored: RB_DECODE, without the value: %s', (text, message) => {
    const error = refusalOf(() => serializer.decode(text));
    expect(isResultError(error) && error.code).toBe('RB_DECODE');
    expect(error.message).toBe(`json: ${message}`);
    expect(inspect(error)).not.toContain('rosebud');
  });

  it('that throws when it writes: RB_ENCODE with the path, without the value', () => {
    const broken = (encode: () => unknown) =>
      jsonSerializer({ codecs: [codec('broken', { test: (v) => v instanceof Money, encode, decode: () => price })] });
    const thrower = broken(() => {
      throw new RangeError('rosebud');
    });
    const error = refusalOf(() => thrower.encode({ a: [price] }));
    expect(isResultError(error) && error.code).toBe('RB_ENCODE');
    expect(error.message).toBe('json cannot carry a value whose codec "broken" threw RangeError (at $.a[0])');
    expect(inspect(error)).not.toContain('rosebud');
    expect(refusalOf(() => broken(() => undefined).encode(price)).message).toMatch(
      /undefined, which the codec "broken"/,
    );
    expect(refusalOf(() => broken(() => price).encode(price)).message).toMatch(/contains itself/);
  });

  it('has the type of its test', () => {
    expectTypeOf(money.decode).returns.toEqualTypeOf<Money>();
    expectTypeOf(money.encode).parameter(0).toEqualTypeOf<Money>();
  });

  it.each([
    () => codec('', money),
    () => codec('datetime', money),
    () => jsonSerializer({ codecs: [money, money] }),
    () => jsonSerializer({ codecs: [money], typed: 'plain' }),
  ])('is refused where it would not be found again %#', (work) => {
    expect(work).toThrow(TypeError);
  });
});
