import { jsonSerializer, PythonSet, ResultNode, type Serializer, TimeDelta } from '@rb/core';
import { CELERY_VERSIONS, type CeleryVersion } from '@rb/vectors';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';
import type { Oracle } from '../src/oracle.ts';
import { type Tagged, toTagged } from '../src/tags.ts';
import { jsonValue, jsonValueWithBytes } from './arbitraries.ts';
import { documents } from './documents.ts';
import { VALUES } from './values.ts';

const OURS: Readonly<Record<CeleryVersion, Serializer>> = {
  '5.2.6': jsonSerializer({ typed: 'plain', exactFloats: true }),
  '5.6.3': jsonSerializer({ exactFloats: true }),
};
const ANY: Readonly<Record<CeleryVersion, Arbitrary<unknown>>> = { '5.2.6': jsonValue, '5.6.3': jsonValueWithBytes };

/** What kombu cannot write. */
const refused = (version: CeleryVersion, value: unknown): boolean =>
  value instanceof PythonSet ||
  value instanceof Set ||
  value instanceof TimeDelta ||
  (version === '5.2.6' && value instanceof Uint8Array);

const written = async (oracle: Oracle, value: unknown): Promise<string> => {
  const { body } = await oracle.call('dumps', { serializer: 'json', value: toTagged(value) });
  return Buffer.from(body, 'base64').toString();
};

const read = (oracle: Oracle, text: string | Uint8Array): Promise<Tagged> => {
  const body = Buffer.from(text).toString('base64');
  return oracle.call('loads', { content_type: 'application/json', content_encoding: 'utf-8', body });
};

/** Both directions at once, by what each reads of what the other wrote. */
async function expectEqual(oracle: Oracle<CeleryVersion>, value: unknown): Promise<void> {
  const ours = OURS[oracle.celery];
  const [theirs, text] = [await written(oracle, value), ours.encode(value)];
  expect(await read(oracle, text), 'kombu reads ours as its own').toEqual(await read(oracle, theirs));
  expect(ours.decode(theirs), "we read kombu's as our own").toEqual(ours.decode(text));
}

for (const version of CELERY_VERSIONS) {
  const it = await celeryTest(version);
  const ours = OURS[version];

  describe(`JSON of Celery ${version}`, () => {
    // Of a result Celery makes a tuple before kombu sees it.
    const values = VALUES.filter(([, value]) => !(value instanceof ResultNode));

    it.for(values.filter(([, value]) => !refused(version, value)))(
      'carries %s both ways',
      async ([, value], { oracle }) => {
        await expectEqual(oracle, value);
        await expectEqual(oracle, { nested: [value] });
      },
    );

    it.for(values.filter(([, value]) => refused(version, value)))('cannot carry %s', async ([, value], { oracle }) => {
      await expect(written(oracle, value)).rejects.toMatchObject({ type: 'EncodeError' });
      expect(() => ours.encode(value)).toThrow(expect.objectContaining({ code: 'RB_ENCODE' }));
    });

    it('carries a result as the tuple that Celery makes of it', async ({ oracle }) => {
      const group = new ResultNode('g', new ResultNode('p'), [new ResultNode('m')]);
      expect(await read(oracle, ours.encode(group))).toEqual(group.toTuple());
    });

    it('carries any value both ways', { timeout: 60_000 }, async ({ oracle }) => {
      await fc.assert(
        fc.asyncProperty(ANY[version], (value) => expectEqual(oracle, value)),
        { numRuns: 1_000 },
      );
    });

    it('reads every stored document, and writes it so that kombu reads the same', async ({ oracle }) => {
      const all = documents(version, 'json');
      expect(all.length).toBeGreaterThan(150);
      for (const [name, body] of all) {
        const again = ours.encode(ours.decode(body));
        expect(await read(oracle, again), name).toEqual(await read(oracle, body));
      }
    });
  });
}
