import { readFileSync } from 'node:fs';
import { accepting, createResultBackend, isResultError, json, memoryStore, type Serializer } from '@rb/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compressed } from '../src/compressed/index.js';
import { encrypted } from '../src/encrypted/index.js';
import { fernet } from '../src/fernet/index.js';
import { limits } from '../src/limits/index.js';
import { msgpack } from '../src/msgpack/index.js';
import { signed } from '../src/signed/index.js';

const { plain } = JSON.parse(readFileSync(new URL('signed/fixtures/certificates.json', import.meta.url), 'utf8'));
const key = Buffer.alloc(32, 5);

type Wrap = (inner: Serializer) => Serializer;
const WRAPS: readonly Wrap[] = [
  (inner) => compressed(inner, { minBytes: 0 }),
  (inner) => encrypted(inner, { keys: { a: key }, activeKeyId: 'a' }),
  (inner) => fernet(inner, { keys: [key.toString('base64url')] }),
  (inner) => signed(inner, { trusted: [plain.certificate], ...plain }),
  (inner) => limits(inner, { maxBytes: 100_000, maxDepth: 50, maxEntries: 10_000 }),
];

const nesting = fc
  .tuple(fc.constantFrom(json, msgpack), fc.array(fc.constantFrom(...WRAPS), { maxLength: 4 }))
  .map(([innermost, wraps]) => wraps.reduce((inner, wrap) => wrap(inner), innermost));
const value = fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant('again and again '.repeat(50))));

it('any nesting reads what it wrote, through a store that checks what it accepts', async () => {
  await fc.assert(
    fc.asyncProperty(nesting, value, async (serializer, result) => {
      await using backend = createResultBackend(memoryStore({ serializer }));
      await backend.succeed('a-task', result);
      expect(await backend.result('a-task')).toEqual(result);
    }),
    { numRuns: 100 },
  );
});

it('any nesting refuses what another one wrote, or reads it as it was: never as something else', () => {
  const taskId = 'a-task';
  fc.assert(
    fc.property(nesting, nesting, value, (writer, reader, result) => {
      let read: unknown;
      try {
        read = reader.decode(writer.encode(result, { taskId }), { taskId });
      } catch (error) {
        expect(isResultError(error) && error.code).toBe('RB_DECODE');
        return;
      }
      expect(read).toEqual(result);
    }),
    { numRuns: 300 },
  );
});

it('a message of the content type application/data is verified, and then read as what it holds', () => {
  const serializer = accepting(signed(json, { trusted: [plain.certificate], ...plain }));
  const context = { taskId: 'a-task', contentType: 'application/data' };
  expect(serializer.decode(serializer.encode([1]), context)).toEqual([1]);
});
