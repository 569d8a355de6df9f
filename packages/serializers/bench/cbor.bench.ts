/** CBOR beside a library that is as strict. */
import { bench } from '@rb/bench';
import { cbor } from '@rb/serializers/cbor';
import { decode, encode } from 'cborg';
import { document, SIZES } from './documents.ts';

for (const [size, items] of Object.entries(SIZES)) {
  const value = document(items);
  const bytes = cbor.encode(value) as Uint8Array;
  await bench(`cbor-encode-${size}`, {
    raw: { name: 'cborg encode', run: () => encode(value) },
    tasks: [{ name: 'cbor.encode', run: () => cbor.encode(value) }],
    timeMs: 100,
  });
  await bench(`cbor-decode-${size}`, {
    raw: { name: 'cborg decode', run: () => decode(bytes) },
    tasks: [{ name: 'cbor.decode', run: () => cbor.decode(bytes) }],
    timeMs: 100,
  });
}
