/** YAML beside the library that parses it here. */
import { bench } from '@rb/bench';
import { yaml } from '@rb/serializers/yaml';
import { dump, load, YAML11_SCHEMA } from 'js-yaml';
import { document, SIZES } from './documents.ts';

for (const [size, items] of Object.entries(SIZES)) {
  const value = document(items);
  const text = yaml.encode(value) as string;
  await bench(`yaml-encode-${size}`, {
    raw: { name: 'js-yaml dump', run: () => dump(value, { schema: YAML11_SCHEMA }) },
    tasks: [{ name: 'yaml.encode', run: () => yaml.encode(value) }],
    timeMs: 150,
  });
  await bench(`yaml-decode-${size}`, {
    raw: { name: 'js-yaml load', run: () => load(text, { schema: YAML11_SCHEMA }) },
    tasks: [{ name: 'yaml.decode', run: () => yaml.decode(text) }],
    timeMs: 150,
  });
}
