/** The JSON serializer on plain documents, where it must keep up with the engine (at least 0.8), and on typed ones. */
import { bench } from '@rb/bench';
import { json } from '@rb/core';

const SIZES = { '100 B': 1, '1 kB': 10, '10 kB': 100, '1 MB': 10_000 };

const item = (id: number): object => ({ id, name: `item ${id}`, price: id * 1.25, tags: ['new', 'sale'], note: null });

for (const [size, items] of Object.entries(SIZES)) {
  const value = { status: 'done', items: Array.from({ length: items }, (_, id) => item(id)) };
  const typed = { ...value, at: new Date(0), big: 2n ** 70n };
  const text = JSON.stringify(value);
  const typedText = json.encode(typed);
  await bench(`json-encode-${size}`, {
    raw: { name: 'JSON.stringify', run: () => JSON.stringify(value) },
    tasks: [
      { name: 'json.encode, plain', run: () => json.encode(value) },
      { name: 'json.encode, with a date and a big integer', run: () => json.encode(typed) },
    ],
  });
  await bench(`json-decode-${size}`, {
    raw: { name: 'JSON.parse', run: () => JSON.parse(text) },
    tasks: [
      { name: 'json.decode, plain', run: () => json.decode(text) },
      { name: 'json.decode, with a date and a big integer', run: () => json.decode(typedText) },
    ],
  });
}
