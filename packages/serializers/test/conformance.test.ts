import { type Harness, runConformance } from '@rb/conformance';
import { json, memoryStore, type ResultStore, type Serializer } from '@rb/core';
import { expect, it } from 'vitest';
import { adaptive } from '../src/adaptive/index.js';
import { cbor } from '../src/cbor/index.js';
import { compressed } from '../src/compressed/index.js';
import { msgpack } from '../src/msgpack/index.js';
import { pickle } from '../src/pickle/index.js';
import { yaml } from '../src/yaml/index.js';

/** The clauses that a serializer can break: what is put and got, states, meta, groups, stored forms, values, scanning. */
const GROUPS = ['STO', 'STA', 'MET', 'GRP', 'FOR', 'SER', 'ENU'];

/**
 * SER-10: dates without a zone, times and more, which Python's own serializer of that name cannot carry either. SER-6: what is longer than
 * the store's `maxBytes` is accepted where it fits once it is compressed, as the limit is of what is stored.
 */
const exceptionsOf = ({ name }: Serializer): readonly string[] => {
  if (name.includes('compressed')) return ['SER-6'];
  return ['cbor', 'msgpack', 'yaml'].includes(name) ? ['SER-10'] : [];
};

const harnessOf = (serializer: Serializer): Harness => ({
  name: serializer.name,
  settleMs: 1_000,
  quietMs: 15,
  async world() {
    const shared = memoryStore({ serializer, maxBytes: 1.25 * 2 ** 20 });
    const open: ResultStore = { ...shared, close: async () => undefined };
    return {
      clock: { kind: 'real' },
      open: async (variant = 'default') => (variant === 'default' ? { store: open } : null),
      dispose: () => shared.close(),
    };
  },
});

it.each([
  cbor,
  msgpack,
  yaml,
  pickle,
  compressed(json, { minBytes: 0 }),
  compressed(json, { minBytes: 0, method: 'bzip2' }),
  compressed(pickle, { minBytes: 0, method: 'zstd' }),
  adaptive([{ serializer: compressed(msgpack), minBytes: 1_000 }, { serializer: json }]),
])('$name: a store with it keeps the contract', { timeout: 60_000 }, async (serializer) => {
  const { clauses: results } = await runConformance(harnessOf(serializer), { only: GROUPS, seed: 1 });
  const failed = results.filter(({ status }) => status === 'fail').map(({ id }) => id);
  expect(results.filter(({ status }) => status === 'pass').length).toBeGreaterThan(20);
  expect(failed).toEqual(exceptionsOf(serializer));
});
