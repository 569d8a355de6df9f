import { json } from '@rb/core';
import { encrypted } from '@rb/serializers/encrypted';
import fc from 'fast-check';
import { expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';

const it = await celeryTest('5.6.3');

const key = Buffer.alloc(32, 0x5a).toString('base64');
const header = '\0rb-xaes-256-gcm\0k1\0';
const ours = encrypted(json, { keys: { k1: key }, activeKeyId: 'k1' });

it("Python's cryptography reads what we encrypt, and we what it does", async ({ oracle }) => {
  await fc.assert(
    fc.asyncProperty(fc.json(), fc.string(), async (text, taskId) => {
      const value = json.decode(text);
      const stored = Buffer.from(ours.encode(value, { taskId }));
      const associated_data = `${header}${taskId}`;
      const body = stored.subarray(header.length).toString('base64');
      const read = await oracle.call('xaes_decrypt', { key, body, associated_data });
      expect(Buffer.from(read, 'base64').toString()).toBe(json.encode(value));
      const theirs = await oracle.call('xaes_encrypt', { key, body: read, associated_data });
      const bytes = Buffer.concat([Buffer.from(header), Buffer.from(theirs, 'base64')]);
      expect(ours.decode(bytes, { taskId })).toEqual(value);
    }),
    { numRuns: 100 },
  );
});
