import { expect, it } from 'vitest';
import { ResultNode, Tuple } from '../src/index.js';

const group = new ResultNode('g', new ResultNode('p'), [new ResultNode('a'), new ResultNode('h', null, [])]);
const tuple = [
  ['g', [['p', null], null]],
  [
    [['a', null], null],
    [['h', null], []],
  ],
];

it('is written as the tuple that Celery reads', () => {
  expect(group.toTuple()).toStrictEqual(tuple);
});

it('reads its own tuple, a bare id, and the tuples of a pickle', () => {
  expect(ResultNode.fromTuple(tuple)).toStrictEqual(group);
  expect(ResultNode.fromTuple(['a', null])).toStrictEqual(new ResultNode('a'));
  const pickled = new Tuple([new Tuple(['g', new Tuple([new Tuple(['p', null]), null])]), [['a', null]]]);
  expect(ResultNode.fromTuple(pickled)).toStrictEqual(new ResultNode('g', new ResultNode('p'), [new ResultNode('a')]));
});

it.each([[null], ['a'], [[]], [['a']], [[['a', null], null, null]], [[[1, null], null]], [[['a', null], 'b']]])(
  'refuses %j, which is no tuple',
  (value) => {
    expect(() => ResultNode.fromTuple(value)).toThrow(TypeError);
  },
);

it('refuses a chain of parents that no stack could hold', () => {
  let chain: unknown = [['root', null], null];
  for (let i = 0; i < 10_000; i += 1) chain = [[`t${i}`, chain], null];
  expect(() => ResultNode.fromTuple(chain)).toThrow(/at most 500 deep/);
});
