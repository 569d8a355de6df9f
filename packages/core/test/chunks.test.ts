import { expect, it } from 'vitest';
import { chunksOf } from '../src/index.js';

it('splits in order, each of the size but the last', () => {
  expect(chunksOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(chunksOf([], 2)).toEqual([]);
});
