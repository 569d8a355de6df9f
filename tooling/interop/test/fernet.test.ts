import { json } from '@rb/core';
import { fernet } from '@rb/serializers/fernet';
import { CELERY_VERSIONS } from '@rb/vectors';
import fc from 'fast-check';
import { expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';

const keyOf = (fill: number): string =>
  Buffer.alloc(32, fill).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
const keys = [keyOf(0xfb), keyOf(1)];

for (const version of CELERY_VERSIONS) {
  const it = await celeryTest(version);

  it(`Python's Fernet (beside Celery ${version}) reads our tokens, and we read its`, async ({ oracle }) => {
    const ours = fernet(json, { keys });
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        const value = json.decode(text);
        const body = await oracle.call('fernet_decrypt', { keys: [keys[0]], token: ours.encode(value) });
        expect(Buffer.from(body, 'base64').toString()).toBe(json.encode(value));
        // Written by its first key, read by our second.
        const token = await oracle.call('fernet_encrypt', { keys: [keys[1]], body });
        expect(ours.decode(token)).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });

  it(`Python's Fernet (beside Celery ${version}) refuses our token of another key`, async ({ oracle }) => {
    const token = fernet(json, { keys }).encode(1);
    const read = oracle.call('fernet_decrypt', { keys: [keys[1]], token });
    await expect(read).rejects.toMatchObject({ type: 'InvalidToken' });
  });
}
