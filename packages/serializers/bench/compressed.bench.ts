/** compressed() and adaptive() beside JSON and the bare library, on the same bytes. */
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { xz } from '@napi-rs/lzma';
import { bench } from '@rb/bench';
import { json } from '@rb/core';
import { adaptive } from '@rb/serializers/adaptive';
import { compressed, type MethodName } from '@rb/serializers/compressed';
import { msgpack } from '@rb/serializers/msgpack';
import { document, SIZES } from './documents.ts';

type Codec = (bytes: Uint8Array) => Uint8Array;
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
const BARE: readonly (readonly [MethodName, Codec, Codec])[] = [
  ['gzip', (bytes) => deflateSync(bytes), (bytes) => inflateSync(bytes)],
  ['zstd', (bytes) => zstdCompressSync(bytes), (bytes) => zstdDecompressSync(bytes)],
  ['brotli', (bytes) => brotliCompressSync(bytes, quality), (bytes) => brotliDecompressSync(bytes)],
  ['lzma', xz.compressSync, xz.decompressSync],
];

for (const [size, items] of Object.entries(SIZES)) {
  const value = document(items);
  const text = (): Buffer => Buffer.from(json.encode(value));
  for (const [method, deflate, inflate] of BARE) {
    const serializer = compressed(json, { method, minBytes: 0 });
    const stored = serializer.encode(value) as Uint8Array;
    const bare = deflate(text());
    await bench(`${method}-encode-${size}`, {
      raw: { name: `json and bare ${method}`, run: () => deflate(text()) },
      tasks: [{ name: 'compressed(json)', run: () => serializer.encode(value) }],
      timeMs: 100,
    });
    await bench(`${method}-decode-${size}`, {
      raw: { name: `bare ${method} and json`, run: () => json.decode(inflate(bare)) },
      tasks: [{ name: 'compressed(json)', run: () => serializer.decode(stored) }],
      timeMs: 100,
    });
  }
  const bzip2 = compressed(json, { method: 'bzip2', minBytes: 0 });
  const [kept, gzipped] = [bzip2.encode(value), compressed(json, { minBytes: 0 })];
  const choosing = adaptive([{ serializer: compressed(msgpack), minBytes: 5_000 }, { serializer: json }]);
  const chosen = choosing.encode(value);
  await bench(`combinations-encode-${size}`, {
    raw: { name: 'json', run: text },
    tasks: [
      { name: 'compressed(json), gzip', run: () => gzipped.encode(value) },
      { name: 'compressed(json), bzip2', run: () => bzip2.encode(value) },
      { name: 'adaptive(compressed(msgpack), json)', run: () => choosing.encode(value) },
    ],
    timeMs: 100,
  });
  const bytes = text();
  await bench(`combinations-decode-${size}`, {
    raw: { name: 'json', run: () => json.decode(bytes) },
    tasks: [
      { name: 'compressed(json), bzip2', run: () => bzip2.decode(kept) },
      { name: 'adaptive(compressed(msgpack), json)', run: () => choosing.decode(chosen) },
    ],
    timeMs: 100,
  });
}
