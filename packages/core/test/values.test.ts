import { describe, expect, it } from 'vitest';
import {
  Complex,
  Decimal,
  Float,
  kindOf,
  Opaque,
  PlainDate,
  PythonSet,
  RemoteError,
  ResultNode,
  Tuple,
  Uuid,
} from '../src/index.js';

const samples = {
  decimal: new Decimal('9.99'),
  uuid: new Uuid('12345678-1234-4678-9234-567812345678'),
  tuple: new Tuple([1]),
  set: new PythonSet([1]),
  complex: new Complex(1, 2),
  float: new Float(1),
  opaque: new Opaque('m', 'C', []),
  date: new PlainDate('2024-02-29'),
  error: new RemoteError('ValueError', 'builtins', []),
  node: new ResultNode('id'),
};

describe('value classes', () => {
  it.each(Object.entries(samples))('are told apart by kind: %s', (kind, value) => {
    expect(kindOf(value)).toBe(kind);
  });

  it('do not lend their kind to other objects', () => {
    for (const value of [{}, [], new Date(0), new Map(), Object.create(null)]) expect(kindOf(value)).toBeUndefined();
  });

  it('do not show their kind among their keys', () => {
    expect(Object.keys(samples.decimal)).toEqual(['value']);
  });

  it.each(Object.entries(samples))('cannot be changed: %s', (_kind, value) => {
    expect(Object.isFrozen(value)).toBe(true);
  });

  it('copy their items', () => {
    const items = [1];
    const [tuple, set] = [new Tuple(items), new PythonSet(items)];
    items.push(2);
    expect([...tuple]).toEqual([1]);
    expect([...set]).toEqual([1]);
  });
});

describe('Decimal', () => {
  it.each(['9.99', '-0', '1E+3', '.5', '5.', 'NaN', 'sNaN12', 'Infinity', '-inf'])('holds %s as it is', (text) => {
    expect(String(new Decimal(text))).toBe(text);
  });

  it.each(['', ' 1', '1,5', '0x10', '1e', '.', '١'])('refuses %j', (text) => {
    expect(() => new Decimal(text)).toThrow(TypeError);
  });
});

describe('Uuid', () => {
  it('reads with and without dashes, and writes with', () => {
    expect(String(new Uuid('123456781234467892345678123456AB'))).toBe('12345678-1234-4678-9234-5678123456ab');
    expect(samples.uuid.hex).toBe('12345678123446789234567812345678');
  });

  it.each(['', '1234', 'g2345678-1234-4678-9234-567812345678'])('refuses %j', (text) => {
    expect(() => new Uuid(text)).toThrow(TypeError);
  });
});

describe('Float', () => {
  it('calculates as its number', () => {
    expect(+new Float(1.5) * 2).toBe(3);
  });
});
