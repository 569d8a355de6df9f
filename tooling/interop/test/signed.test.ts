import { json } from '@rb/core';
import { msgpack } from '@rb/serializers/msgpack';
import { signed } from '@rb/serializers/signed';
import { CELERY_VERSIONS } from '@rb/vectors';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';
import { fromTagged, toTagged } from '../src/tags.ts';

const NAMES = [
  ['COUNTRY_NAME', 'DE'],
  ['ORGANIZATION_NAME', 'Grün, Söhne + Co = "x" <\\>;#'],
  ['COMMON_NAME', 'a + CN=b'],
];

for (const version of CELERY_VERSIONS) {
  const it = await celeryTest(version);
  const form = version === '5.2.6' ? 'celery-5.2' : 'celery-5.5';

  describe(`the auth serializer of Celery ${version}`, () => {
    it('verifies what we signed, and we what it signed', { timeout: 60_000 }, async ({ oracle }) => {
      const pair = await oracle.call('make_certificate', { names: NAMES, password: 'secret' });
      const { key, certificate } = pair;
      // Celery 5.2 reads the body as text.
      const inners = version === '5.2.6' ? [json] : [json, msgpack];
      for (const inner of inners) {
        const ours = signed(inner, { trusted: [certificate], certificate, key, passphrase: 'secret', form });
        const { name: serializer } = inner;
        await fc.assert(
          fc.asyncProperty(fc.array(fc.oneof(fc.string(), fc.integer())), async (value) => {
            const data = ours.encode(value);
            expect(fromTagged(await oracle.call('auth_loads', { certificate, data }))).toEqual(value);
            const signing = { key, password: 'secret', certificate, serializer, value: toTagged(value) };
            expect(ours.decode(await oracle.call('auth_dumps', signing))).toEqual(value);
          }),
          { numRuns: 50 },
        );
      }
    });

    it.for(['sha224', 'sha384', 'sha512'] as const)('agrees on %s', async (digest, { oracle }) => {
      const { key, certificate } = await oracle.call('make_certificate', { names: NAMES });
      const ours = signed(json, { trusted: [certificate], certificate, key, digest, form });
      const data = await oracle.call('auth_dumps', { key, certificate, digest, value: [1] });
      expect(ours.decode(data)).toEqual([1]);
    });

    it('refuses what a stranger signed', async ({ oracle }) => {
      const [known, stranger] = await Promise.all(
        [1, 2].map(() => oracle.call('make_certificate', { names: NAMES, serial: 7 })),
      );
      const data = signed(json, { trusted: [], ...stranger, form }).encode(1);
      const reading = oracle.call('auth_loads', { certificate: known.certificate, data });
      await expect(reading).rejects.toThrow();
    });
  });
}
