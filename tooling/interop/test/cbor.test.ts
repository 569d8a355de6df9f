import { cborSerializer } from '@rb/serializers/cbor';
import fc from 'fast-check';
import { expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';
import type { Oracle } from '../src/oracle.ts';
import { fromTagged, type Tagged, toTagged } from '../src/tags.ts';
import { cborValue } from './arbitraries.ts';

const ours = cborSerializer({ exactFloats: true });

const read = (oracle: Oracle, bytes: string | Uint8Array): Promise<Tagged> => {
  const body = Buffer.from(bytes).toString('base64');
  const accept = ['application/cbor'];
  return oracle.call('loads', { content_type: 'application/cbor', content_encoding: 'binary', body, accept });
};

/** cbor2 reads ours as its own, and what we read of its too. */
async function expectEqual(oracle: Oracle, value: unknown): Promise<void> {
  const { body } = await oracle.call('dumps', { serializer: 'cbor', value: toTagged(value) });
  const theirs = Buffer.from(body, 'base64');
  const expected = fromTagged(await read(oracle, theirs));
  expect(fromTagged(await read(oracle, ours.encode(value))), 'cbor2 reads ours').toEqual(expected);
  expect(fromTagged(await read(oracle, ours.encode(ours.decode(theirs)))), "we read cbor2's").toEqual(expected);
}

const it = await celeryTest('5.7.0');

it('carries any value both ways, with kombu 5.7 and cbor2', { timeout: 60_000 }, async ({ oracle }) => {
  await fc.assert(
    fc.asyncProperty(cborValue, (value) => expectEqual(oracle, value)),
    { numRuns: 500 },
  );
});
