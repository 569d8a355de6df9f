import { PythonSet, ResultNode } from '@rb/core';
import { yamlSerializer } from '@rb/serializers/yaml';
import { CELERY_VERSIONS } from '@rb/vectors';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { celeryTest } from '../src/fixture.ts';
import type { Oracle } from '../src/oracle.ts';
import { type Tagged, toTagged } from '../src/tags.ts';
import { yamlValue } from './arbitraries.ts';
import { documents } from './documents.ts';
import { VALUES } from './values.ts';

const ours = yamlSerializer({ exactFloats: true });

const written = async (oracle: Oracle, value: unknown): Promise<Buffer> => {
  const { body } = await oracle.call('dumps', { serializer: 'yaml', value: toTagged(value) });
  return Buffer.from(body, 'base64');
};

const read = async (oracle: Oracle, text: string | Uint8Array): Promise<Tagged> => {
  const body = Buffer.from(text).toString('base64');
  return sorted(await oracle.call('loads', { content_type: 'application/x-yaml', content_encoding: 'utf-8', body }));
};

/** PyYAML sorts the keys that it writes. */
function sorted(value: Tagged): Tagged {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.map(([key, item]) => [key, key === '$dict' ? byText(item) : item]));
}

const byText = (items: Tagged): Tagged =>
  [...(items as readonly Tagged[])].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** PyYAML reads ours as its own, and what we read of PyYAML's too. */
async function expectEqual(oracle: Oracle, value: unknown): Promise<void> {
  const theirs = await written(oracle, value);
  const expected = await read(oracle, theirs);
  expect(await read(oracle, ours.encode(value)), 'PyYAML reads ours').toEqual(expected);
  expect(await read(oracle, ours.encode(ours.decode(theirs))), "we read PyYAML's").toEqual(expected);
}

const refused = (value: unknown): boolean => {
  try {
    ours.encode(value);
    return false;
  } catch {
    return true;
  }
};

for (const version of CELERY_VERSIONS) {
  const it = await celeryTest(version);

  describe(`YAML of Celery ${version}`, () => {
    // Of a result Celery makes a tuple before kombu sees it.
    const values = VALUES.filter(([, value]) => !(value instanceof ResultNode));

    it.for(values.filter(([, value]) => !refused(value)))('carries %s both ways', async ([, value], { oracle }) => {
      await expectEqual(oracle, value);
      await expectEqual(oracle, { nested: [value] });
    });

    it.for(values.filter(([, value]) => refused(value)))('cannot carry %s', async ([, value], { oracle }) => {
      await expect(written(oracle, value)).rejects.toMatchObject({ type: 'EncodeError' });
    });

    it('carries any value both ways', { timeout: 120_000 }, async ({ oracle }) => {
      await fc.assert(
        fc.asyncProperty(yamlValue, (value) => expectEqual(oracle, value)),
        { numRuns: 500 },
      );
    });

    it('carries sets of any kind of scalar, and keys of any length', async ({ oracle }) => {
      await expectEqual(oracle, [new PythonSet(['a', 1, null, true, new Date(0)]), new PythonSet([])]);
      await expectEqual(oracle, { ['k'.repeat(2_000)]: [{ ['k '.repeat(1_000)]: { a: [] } }] });
    });

    it('reads every stored document, and writes it so that PyYAML reads the same', async ({ oracle }) => {
      const all = documents(version, 'yaml');
      expect(all.length).toBeGreaterThan(100);
      for (const [name, body] of all) {
        expect(await read(oracle, ours.encode(ours.decode(body))), name).toEqual(await read(oracle, body));
      }
    });
  });
}
