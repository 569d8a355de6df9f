import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Complex, RemoteError, ResultNode } from '@rb/core';
import { CELERY_VERSIONS } from '@rb/vectors';
import { afterAll, describe, expect, it } from 'vitest';
import { celeryTest } from '../src/fixture.ts';
import { fromTagged, toTagged } from '../src/tags.ts';
import { VALUES } from './values.ts';

describe('a tag', () => {
  it.for(VALUES)('stands for %s', ([, ours, tagged, back = ours]) => {
    expect(toTagged(ours)).toStrictEqual(tagged);
    expect(fromTagged(tagged)).toStrictEqual(back);
  });

  it('is refused to what Python has no tag for', () => {
    for (const value of [undefined, () => 1, Symbol('s'), new Complex(1, 2), new URL('file:///'), [undefined]])
      expect(() => toTagged(value)).toThrow(TypeError);
    expect(() => fromTagged({ $repr: '<object>' })).toThrow(TypeError);
  });
});

const directory = mkdtempSync(join(tmpdir(), 'rb-tags-'));
afterAll(() => rmSync(directory, { recursive: true }));

for (const version of CELERY_VERSIONS) {
  const celery = await celeryTest(version);

  describe(`the Python of Celery ${version}`, () => {
    // Pickling a result with its backend is Celery's business, not that of tags.
    const values = VALUES.filter(([, ours]) => !(ours instanceof ResultNode));

    celery.for(values)('pickles and returns %s', async ([, ours, , back = ours], { oracle }) => {
      const body = await oracle.call('pickle_dumps', { value: toTagged(ours) });
      expect(fromTagged(await oracle.call('pickle_loads', { body }))).toStrictEqual(back);
    });

    celery('pickles and returns an exception', async ({ oracle }) => {
      const error = new RemoteError('ValueError', 'builtins', ['boom', 1]);
      const body = await oracle.call('pickle_dumps', { value: toTagged(error) });
      const back = fromTagged(await oracle.call('pickle_loads', { body }));
      expect(back).toStrictEqual(new RemoteError('ValueError', 'builtins', ['boom', 1], "('boom', 1)"));
    });

    celery('knows a result and its members', async ({ oracle }) => {
      const group = new ResultNode('g', null, [new ResultNode('m')]);
      // Every other serializer stores the tuple instead of the object.
      const conf = { result_serializer: 'pickle', accept_content: ['pickle'] };
      await oracle.call('configure', { backend: `db+sqlite:///${directory}/${version}.db`, conf });
      await oracle.call('store_result', { task_id: 'a', result: toTagged(group), state: 'SUCCESS' });
      const meta = await oracle.call('get_task_meta', { task_id: 'a' });
      expect(fromTagged(meta.result)).toStrictEqual(group);
    });
  });
}
