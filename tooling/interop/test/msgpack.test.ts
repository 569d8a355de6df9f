import { ResultNode } from '@rb/core';
import { msgpackSerializer } from '@rb/serializers/msgpack';
import { CELERY_VERSIONS } from '@rb/vectors';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';
import type { Oracle } from '../src/oracle.ts';
import { fromTagged, type Tagged, toTagged } from '../src/tags.ts';
import { msgpackValue } from './arbitraries.ts';
import { VALUES } from './values.ts';

const ours = msgpackSerializer({ exactFloats: true });

const written = async (oracle: Oracle, value: unknown): Promise<Buffer> => {
  const { body } = await oracle.call('dumps', { serializer: 'msgpack', value: toTagged(value) });
  return Buffer.from(body, 'base64');
};

const read = (oracle: Oracle, bytes: string | Uint8Array): Promise<Tagged> =>
  oracle.call('loads', {
    content_type: 'application/x-msgpack',
    content_encoding: 'binary',
    body: Buffer.from(bytes).toString('base64'),
  });

/** kombu writes the same bytes, and reads them as its own. */
async function expectEqual(oracle: Oracle, value: unknown): Promise<void> {
  const theirs = await written(oracle, value);
  expect(Buffer.from(ours.encode(value)).toString('hex')).toBe(theirs.toString('hex'));
  expect(ours.decode(theirs)).toEqual(fromTagged(await read(oracle, theirs)));
}

/** What kombu cannot write. */
const refused = (value: unknown): boolean => {
  try {
    ours.encode(value);
    return false;
  } catch {
    return true;
  }
};

for (const version of CELERY_VERSIONS) {
  const it = await celeryTest(version);

  describe(`msgpack of Celery ${version}`, () => {
    // Of a result Celery makes a tuple before kombu sees it.
    const values = VALUES.filter(([, value]) => !(value instanceof ResultNode));

    it.for(values.filter(([, value]) => !refused(value)))('carries %s both ways', async ([, value], { oracle }) => {
      await expectEqual(oracle, value);
      await expectEqual(oracle, { nested: [value] });
    });

    it.for(values.filter(([, value]) => refused(value)))('cannot carry %s', async ([, value], { oracle }) => {
      // Python writes keys that are no text; it is the reading that it refuses.
      const carried = written(oracle, value).then((bytes) => read(oracle, bytes));
      await expect(carried).rejects.toMatchObject({ type: expect.stringMatching(/^(?:En|De)codeError$/) });
    });

    it('carries any value both ways', { timeout: 60_000 }, async ({ oracle }) => {
      await fc.assert(
        fc.asyncProperty(msgpackValue, (value) => expectEqual(oracle, value)),
        { numRuns: 1_000 },
      );
    });
  });
}
