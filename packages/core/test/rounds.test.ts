import { expect, it } from 'vitest';
import { roundsOf } from '../src/index.js';

it('puts the same id again into a later round, and keeps the order within each', () => {
  const rounds = roundsOf(['a1', 'b1', 'a2', 'c1', 'a3', 'b2'], ([id = '']) => id);
  expect(rounds).toEqual([['a1', 'b1', 'c1'], ['a2', 'b2'], ['a3']]);
  expect(roundsOf([], String)).toEqual([]);
});
