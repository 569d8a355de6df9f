import { describe, expect, it } from 'vitest';
import { contradictionIn, isLinearizable, type Operation } from '../../src/model/linearizable.js';

const put = (start: number, end: number, mark: string, told = true, state = 'STARTED'): Operation => ({
  run: 'put',
  start,
  end,
  puts: { mark, state },
  told,
});
const get = (start: number, end: number, told?: string): Operation => ({ run: 'get', start, end, told });
const remove = (start: number, end: number, told: boolean): Operation => ({ run: 'delete', start, end, told });
const never = Number.POSITIVE_INFINITY;

const LINEARIZABLE: Readonly<Record<string, readonly Operation[]>> = {
  'nothing at all': [],
  'a read of what was put': [put(1, 2, 'a'), get(3, 4, 'a')],
  'a read that overlaps a put and sees it': [put(1, 4, 'a'), get(2, 3, 'a')],
  'a read that overlaps a put and does not see it': [put(1, 4, 'a'), get(2, 3, undefined)],
  'two overlapping puts, read in either order': [put(1, 4, 'a'), put(2, 3, 'b'), get(5, 6, 'a')],
  'a put refused by a SUCCESS that overlaps it': [put(1, 4, 'a', true, 'SUCCESS'), put(2, 3, 'b', false)],
  'a SUCCESS, deleted, then a new history': [
    put(1, 2, 'a', true, 'SUCCESS'),
    remove(3, 4, true),
    put(5, 6, 'b'),
    get(7, 8, 'b'),
  ],
  'of two deletes at once one finds it': [put(1, 2, 'a'), remove(3, 6, true), remove(4, 5, false)],
  'a put of unknown outcome that was done': [put(1, never, 'a'), get(2, 3, undefined), get(4, 5, 'a')],
  'a put of unknown outcome that was not done': [put(1, never, 'a'), get(2, 3, undefined), get(4, 5, undefined)],
  'a put of unknown outcome that a later SUCCESS refused': [
    put(1, never, 'a'),
    put(2, 3, 'b', true, 'SUCCESS'),
    get(4, 5, 'b'),
  ],
};

const NOT_LINEARIZABLE: Readonly<Record<string, readonly Operation[]>> = {
  'a read of what was never put': [get(1, 2, 'a')],
  'a read that misses a put that had ended': [put(1, 2, 'a'), get(3, 4, undefined)],
  'a read of the older of two puts, one after the other': [put(1, 2, 'a'), put(3, 4, 'b'), get(5, 6, 'a')],
  'reads that go back in time': [put(1, 8, 'a'), get(2, 3, 'a'), get(4, 5, undefined)],
  'two readers who disagree on the order of two puts': [
    put(1, 9, 'a'),
    put(1, 9, 'b'),
    get(2, 3, 'a'),
    get(4, 5, 'b'),
    get(6, 7, 'a'),
  ],
  'a put applied over a SUCCESS': [put(1, 2, 'a', true, 'SUCCESS'), put(3, 4, 'b')],
  'a put refused where there is no SUCCESS': [put(1, 2, 'a'), put(3, 4, 'b', false)],
  'two deletes that both find it': [put(1, 2, 'a'), remove(3, 6, true), remove(4, 5, true)],
  'a read after a delete': [put(1, 2, 'a'), remove(3, 4, true), get(5, 6, 'a')],
  'a put of unknown outcome that is done twice': [
    put(1, never, 'a'),
    get(2, 3, 'a'),
    remove(4, 5, true),
    get(6, 7, 'a'),
  ],
};

describe('isLinearizable', () => {
  it.each(Object.entries(LINEARIZABLE))('accepts %s', (_name, operations) => {
    expect(isLinearizable(operations)).toBe(true);
  });

  it.each(Object.entries(NOT_LINEARIZABLE))('rejects %s', (_name, operations) => {
    expect(isLinearizable(operations)).toBe(false);
  });

  it('searches a wide history without trying every order', () => {
    const wide = Array.from({ length: 11 }, (_, i) => put(1, 100, `m${i}`));
    expect(isLinearizable([...wide, get(101, 102, 'none of them')])).toBe(false);
  });
});

describe('contradictionIn', () => {
  it('finds none where there is none', () => {
    expect(contradictionIn([put(1, 2, 'a'), get(3, 4, 'a')])).toBeUndefined();
  });

  it('leaves out what does not matter', () => {
    const history = [put(1, 2, 'a'), get(3, 4, 'a'), put(5, 6, 'b'), get(7, 8, 'b'), get(9, 10, 'a'), get(11, 12, 'b')];
    expect(contradictionIn(history)).toEqual([put(1, 2, 'a'), put(5, 6, 'b'), get(9, 10, 'a')]);
  });
});
