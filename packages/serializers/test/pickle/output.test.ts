import { expect, it } from 'vitest';
import { pickle } from '../../src/pickle/index.js';

it('keeps pickles apart that are written one within the other, or one after another', () => {
  let inner: unknown;
  const value = {
    before: 'before',
    get nested() {
      inner = pickle.encode('inner');
      return 'nested';
    },
    after: 'after',
  };
  const outer = pickle.encode(value);
  pickle.encode('x'.repeat(1_000));
  expect(pickle.decode(outer)).toEqual({ before: 'before', nested: 'nested', after: 'after' });
  expect(pickle.decode(inner as Uint8Array)).toBe('inner');
});

it('writes as before after a value that could not be written', () => {
  const before = pickle.encode(['a', 1]);
  expect(() => pickle.encode(['a', () => 1])).toThrow('function');
  expect(pickle.encode(['a', 1])).toEqual(before);
});
