/** Pickle beside JSON, to and from bytes: the engine's JSON is what a Node user has otherwise. */
import { bench } from '@rb/bench';
import { pickle } from '@rb/serializers/pickle';
import { document, SIZES } from './documents.ts';

for (const [size, items] of Object.entries(SIZES)) {
  const value = document(items);
  const text = Buffer.from(JSON.stringify(value));
  const bytes = pickle.encode(value);
  await bench(`pickle-encode-${size}`, {
    raw: { name: 'JSON.stringify to bytes', run: () => Buffer.from(JSON.stringify(value)) },
    tasks: [{ name: 'pickle.encode', run: () => pickle.encode(value) }],
  });
  await bench(`pickle-decode-${size}`, {
    raw: { name: 'JSON.parse of bytes', run: () => JSON.parse(text.toString()) },
    tasks: [{ name: 'pickle.decode', run: () => pickle.decode(bytes) }],
  });
}
