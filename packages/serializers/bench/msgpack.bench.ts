/** MessagePack beside its reference library, and JSON to and from bytes. */
import { decode, encode } from '@msgpack/msgpack';
import { bench } from '@rb/bench';
import { json } from '@rb/core';
import { msgpack } from '@rb/serializers/msgpack';
import { document, SIZES } from './documents.ts';

for (const [size, items] of Object.entries(SIZES)) {
  const value = document(items);
  const text = Buffer.from(json.encode(value));
  const bytes = msgpack.encode(value) as Uint8Array;
  await bench(`msgpack-encode-${size}`, {
    raw: { name: '@msgpack/msgpack encode', run: () => encode(value) },
    tasks: [
      { name: 'msgpack.encode', run: () => msgpack.encode(value) },
      { name: 'json.encode to bytes', run: () => Buffer.from(json.encode(value)) },
    ],
  });
  await bench(`msgpack-decode-${size}`, {
    raw: { name: '@msgpack/msgpack decode', run: () => decode(bytes) },
    tasks: [
      { name: 'msgpack.decode', run: () => msgpack.decode(bytes) },
      { name: 'json.decode of bytes', run: () => json.decode(text) },
    ],
  });
}
