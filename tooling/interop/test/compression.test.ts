import { json } from '@rb/core';
import { compressed, decompress, type MethodName } from '@rb/serializers/compressed';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';

const base64 = (data: string | Uint8Array): string => Buffer.from(data).toString('base64');
const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64');

/** Long enough to be worth it, short enough to be quick. */
const value = fc
  .array(fc.json({ maxDepth: 2 }), { minLength: 50, maxLength: 80 })
  .map((texts) => texts.map((text) => json.decode(text)));

const MARKER = '\0celery-compressed\0';
const ALL: readonly MethodName[] = ['gzip', 'bzip2', 'zstd', 'brotli', 'lzma'];

const it57 = await celeryTest('5.7.0');

describe.for(ALL)('results by %s, with Celery 5.7 itself', (method) => {
  const serializer = compressed(json, { method, minBytes: 0 });

  it57('Celery reads ours', async ({ oracle }) => {
    await fc.assert(
      fc.asyncProperty(value, async (any) => {
        const stored = serializer.encode(any);
        expect(Buffer.from(stored).toString('latin1')).toContain(MARKER);
        const read = fromBase64(await oracle.call('decompress_payload', { body: base64(stored) }));
        expect(read.toString()).toBe(json.encode(any));
      }),
      { numRuns: 20 },
    );
  });

  it57('we read what Celery compressed, marked and bare', async ({ oracle }) => {
    await fc.assert(
      fc.asyncProperty(value, async (any) => {
        const stored = fromBase64(await oracle.call('compress_payload', { method, body: base64(json.encode(any)) }));
        expect(stored.toString('latin1')).toContain(MARKER);
        expect(compressed(json).decode(stored)).toEqual(any);
        if (method === 'brotli') return;
        const { body } = await oracle.call('compress', { method, body: base64(json.encode(any)) });
        expect(compressed(json).decode(fromBase64(body))).toEqual(any);
      }),
      { numRuns: 20 },
    );
  });
});

/** What the standard library has, and every kombu therefore. */
const STANDARD: readonly MethodName[] = ['gzip', 'bzip2', 'lzma'];

for (const version of ['5.2.6', '5.6.3', '5.7.0'] as const) {
  const it = await celeryTest(version);

  it.for(version === '5.7.0' ? ALL : STANDARD)(
    `the kombu of Celery ${version} reads the bodies of messages by %s, and we its`,
    async (method, { oracle }) => {
      const text = json.encode({ text: 'grün '.repeat(1_000) });
      const stored = Buffer.from(compressed(json, { method }).encode({ text: 'grün '.repeat(1_000) }));
      const ours = stored.subarray(stored.indexOf(0, MARKER.length) + 1);
      const read = await oracle.call('decompress', { method, body: base64(ours) });
      expect(fromBase64(read.body).toString()).toBe(text);
      const { body, content_type } = await oracle.call('compress', { method, body: base64(text) });
      expect(Buffer.from(decompress(fromBase64(body), content_type)).toString()).toBe(text);
    },
  );
}
