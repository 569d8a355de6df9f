import { expect, it } from 'vitest';
import { hear } from '../../src/postgres/notifications.js';
import { momentOf } from '../../src/postgres/written.js';
import type { Told } from '../../src/watch-source.js';

/** What is called when the payload comes, to one who watches these. */
function heard(payload: string | undefined, secret: boolean, ...watched: string[]): unknown[] {
  const calls: unknown[] = [];
  const told: Told = {
    live: () => undefined,
    any: () => calls.push('any'),
    wrote: (taskIds) => calls.push(taskIds),
    row: (written) => calls.push(written),
    isWatched: (taskId) => watched.includes(taskId),
  };
  hear(payload, secret, told);
  return calls;
}

it('hears of ids, of any, and on the secret channel of the rows of who is watched', () => {
  expect(heard('', false)).toEqual(['any']);
  expect(heard(undefined, true)).toEqual(['any']);
  expect(heard('["a", "b"]', true)).toEqual([['a', 'b']]);
  expect(heard('["a", 7, {"status": "x"}]', true, 'a')).toEqual([
    { taskId: 'a', transaction: 7, row: { status: 'x' } },
  ]);
  expect(heard('["a", 7, {"status": "x"}]', true, 'b')).toEqual([]);
  // An id whose end is not where it seems to be, and one that ends as a row does.
  const odd = 'a"\\, {}]';
  expect(heard(JSON.stringify([odd, 7, {}]), true, odd)).toEqual([{ taskId: odd, transaction: 7, row: {} }]);
  expect(heard(JSON.stringify([odd, 7, {}]), true, 'a')).toEqual([]);
  expect(heard(JSON.stringify([odd]), true)).toEqual([[odd]]);
});

it('believes no row that anybody may have made up', () => {
  expect(heard('["a", 7, {}]', false, 'a')).toEqual([['a', 7, {}]]);
  expect(() => heard('no JSON', false)).toThrow(SyntaxError);
});

it('reads what a snapshot has seen', () => {
  expect(momentOf('10:10:')).toEqual({ next: 10, running: [] });
  expect(momentOf('4294967300:4294967305:4294967300,4294967302')).toEqual({
    next: 4294967305,
    running: [4294967300, 4294967302],
  });
});
