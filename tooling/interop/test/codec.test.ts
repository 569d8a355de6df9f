import { codec, Decimal, jsonSerializer } from '@rb/core';
import { expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';

class Money {
  readonly amount: Decimal;
  readonly currency: string;
  constructor(amount: Decimal, currency: string) {
    this.amount = amount;
    this.currency = currency;
  }
}

const money = codec('money', {
  test: (value) => value instanceof Money,
  encode: ({ amount, currency }) => ({ amount, currency }),
  decode: (stored) => new Money((stored as Money).amount, (stored as Money).currency),
});

const it = await celeryTest('5.6.3');

it("a class of kombu's register_type reads what a codec wrote, and the codec what that writes", async ({ oracle }) => {
  const ours = jsonSerializer({ codecs: [money] });
  const value = { price: new Money(new Decimal('9.99'), 'EUR') };
  const { repr, body } = await oracle.call('register_type', { marker: 'money', body: ours.encode(value) });
  expect(repr).toBe("{'price': Registered({'amount': Decimal('9.99'), 'currency': 'EUR'})}");
  expect(ours.decode(body)).toStrictEqual(value);
});
