import { ResultNode } from '@rb/core';
import { CELERY_VERSIONS, columnOf, type Vector, vectors } from '@rb/vectors';
import { describe, expect, it } from 'vitest';
import { isPickle, pickle, pickleSerializer } from '../../src/pickle/index.js';
import { argumentsOf, GROUPS, resultOf } from './expected.js';
import { tagged } from './tagged.js';

const SQL = ['sqlite', 'postgresql', 'mysql'] as const;
const exact = pickleSerializer({ exactFloats: true });

/** One title per vector: names are the same in every serializer and mode. */
const titleOf = ({ name, serializer, extended }: Vector): string =>
  `${name} (${serializer}${extended ? ', extended' : ''})`;

const stored = (vector: Vector): boolean => vector.store_error === undefined;

function expectSame(bytes: Uint8Array, expected: unknown): void {
  expect(isPickle(bytes)).toBe(true);
  expect(tagged(pickle.decode(bytes))).toEqual(tagged(expected));
}

/** What is written again reads as the same; what only Python can make is refused by default. */
function expectRewritten(bytes: Uint8Array): void {
  const value = exact.decode(bytes);
  const rewrite = pickleSerializer({ writeOpaque: true, exactFloats: true });
  const once = rewrite.decode(rewrite.encode(value));
  expect(rewrite.encode(once)).toEqual(rewrite.encode(value));
}

describe.each(CELERY_VERSIONS)('Celery %s', (celery) => {
  describe.each(SQL)('%s', (backend) => {
    const all = vectors(backend, celery).filter(stored);

    it.each(all.map((vector) => [titleOf(vector), vector] as const))('%s', (_title, vector) => {
      const column = columnOf(vector, 'result');
      const group = GROUPS[vector.name];
      if (group !== undefined) expectSame(column as Uint8Array, group(String(vector.group_id)));
      else if (resultOf(vector) === null) expect(column).toBeNull();
      else expectSame(column as Uint8Array, resultOf(vector));
      if (column !== null) expectRewritten(column as Uint8Array);
    });

    it('reads args and kwargs, where they are pickles', () => {
      const extended = all.filter((vector) => vector.serializer === 'pickle' && columnOf(vector, 'args') !== null);
      expect(extended.length).toBeGreaterThan(5);
      for (const vector of extended) {
        const expected = argumentsOf(vector);
        expectSame(columnOf(vector, 'args') as Uint8Array, expected.args);
        expectSame(columnOf(vector, 'kwargs') as Uint8Array, expected.kwargs);
      }
    });
  });

  describe('redis, pickle serializer', () => {
    const all = vectors('redis', celery).filter((vector) => vector.serializer === 'pickle' && stored(vector));

    it.each(all.map((vector) => [titleOf(vector), vector] as const))('%s', (_title, vector) => {
      const bytes = Buffer.from(vector.raw.value_b64, 'base64');
      const value = pickle.decode(bytes) as Record<string, unknown>;
      expect(isPickle(bytes)).toBe(true);
      const group = GROUPS[vector.name];
      // Here the group is no object but its tuple, which keeps the parent.
      if (group !== undefined) expect(nodeOf(value.result)).toEqual(vector.celery_reads.as_tuple);
      else {
        expect(value).toMatchObject({ status: vector.celery_reads.status, task_id: vector.task_id });
        expect(tagged(value.result)).toEqual(tagged(resultOf(vector)));
      }
      expectRewritten(bytes);
    });
  });

  describe('rpc, pickle serializer', () => {
    const all = vectors('rpc', celery).filter((vector) => vector.serializer === 'pickle' && stored(vector));

    it.each(all.map((vector) => [titleOf(vector), vector] as const))('%s', (_title, vector) => {
      const bodies = vector.raw.messages.map((message: { body_b64: string }) =>
        Buffer.from(message.body_b64, 'base64'),
      );
      const value = pickle.decode(bodies.at(-1)) as Record<string, unknown>;
      expect(value).toMatchObject({ status: vector.celery_reads.status, task_id: vector.task_id });
      expect(tagged(value.result)).toEqual(tagged(resultOf(vector)));
      bodies.forEach(expectRewritten);
    });
  });

  it('keeps shared references shared', () => {
    const vector = vectors('sqlite', celery).find(({ name }) => name === 'success_shared_ref');
    const [first, second] = pickle.decode(columnOf(vector as Vector, 'result') as Uint8Array) as unknown[];
    expect(first).toBe(second);
  });

  it('keeps nothing of the database URL that is inside every group row', () => {
    for (const vector of SQL.flatMap((backend) => vectors(backend, celery)).filter(({ name }) => name in GROUPS)) {
      const bytes = columnOf(vector, 'result') as Buffer;
      const value = pickle.decode(bytes);
      expect(JSON.stringify(value)).not.toMatch(/dburi|:\/\//);
      expect(Buffer.from(pickle.encode(value)).includes('://')).toBe(false);
    }
  });
});

const nodeOf = (value: unknown): unknown => ResultNode.fromTuple(JSON.parse(JSON.stringify(value))).toTuple();
