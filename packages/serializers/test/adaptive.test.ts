import { decodeRecord, encodeRecord, json, memoryStore, type TaskRecord, TimeDelta } from '@rb/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adaptive } from '../src/adaptive/index.js';
import { compressed } from '../src/compressed/index.js';
import { msgpack } from '../src/msgpack/index.js';
import { isPickle, pickle } from '../src/pickle/index.js';
import { yaml } from '../src/yaml/index.js';

const textOf = (data: string | Uint8Array): string => Buffer.from(data).toString('latin1');

const serializer = adaptive([
  { serializer: compressed(msgpack, { method: 'zstd' }), minBytes: 5_000 },
  { serializer: yaml, when: (value) => (value as { readonly kind?: string }).kind === 'notes' },
  { serializer: json, when: (value) => !Array.isArray(value) },
  { serializer: pickle },
]);

describe('what is written', () => {
  it('is chosen by size, by the caller, and by what can carry it', () => {
    expect(textOf(serializer.encode({ list: Array(1_000).fill('text') }))).toMatch(
      /^\0rb-adaptive\0compressed\(msgpack\)\0\0celery-compressed\0/,
    );
    expect(textOf(serializer.encode({ kind: 'notes' }))).toBe('\0rb-adaptive\0yaml\0kind: notes\n');
    expect(textOf(serializer.encode({ a: 1 }))).toBe('\0rb-adaptive\0json\0{"a":1}');
    // MessagePack has no dates, JSON no durations.
    expect(textOf(serializer.encode({ list: Array(1_000).fill(new Date(0)) }))).toMatch(/^\0rb-adaptive\0json/);
    expect(isPickle(Buffer.from(serializer.encode({ a: new TimeDelta(1, 0, 0) })))).toBe(true);
  });

  it('by the last choice is as that one writes it, for all who read it', () => {
    expect(textOf(serializer.encode([1]))).toBe(textOf(pickle.encode([1])));
  });

  it('is refused where none can carry it, as the last says', () => {
    expect(() => serializer.encode([() => 1])).toThrow(/cannot pickle/);
  });
});

describe('what is read', () => {
  it('is anything that was written', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(100), (text, times) => {
        const value = Array(times).fill(json.decode(text));
        expect(serializer.decode(serializer.encode(value))).toEqual(value);
      }),
    );
  });

  it('is what each choice wrote by itself', () => {
    for (const writer of [json, yaml, pickle, msgpack]) {
      expect(serializer.decode(writer.encode({ a: [1] })), writer.name).toEqual({ a: [1] });
    }
    const simple = adaptive([{ serializer: pickle, when: () => false }, { serializer: compressed(json) }]);
    const long = 'x'.repeat(2_000);
    for (const writer of [json, compressed(json), pickle]) expect(simple.decode(writer.encode(long))).toBe(long);
  });

  it('is what was wrapped afterwards, too', () => {
    const outer = compressed(serializer, { minBytes: 0 });
    for (const value of [{ kind: 'notes' }, { list: Array(1_000).fill('text') }, [1]]) {
      expect(outer.decode(outer.encode(value))).toEqual(value);
      expect(outer.decode(serializer.encode(value))).toEqual(value);
    }
  });

  it('is nothing else', () => {
    const small = adaptive([{ serializer: msgpack, when: () => true }, { serializer: json }]);
    expect(() => small.decode(pickle.encode([1]))).toThrow(expect.objectContaining({ code: 'RB_DECODE' }));
    expect(() => small.decode(serializer.encode({ kind: 'notes' }))).toThrow(/none of the choices: msgpack, json/);
    expect(() => small.decode(Buffer.from('\0rb-adaptive\0__proto__\0'))).toThrow(/none of the choices/);
  });
});

it('serves a store, records and all', async () => {
  const record: TaskRecord = {
    taskId: 't',
    state: 'SUCCESS',
    result: 'x'.repeat(6_000),
    traceback: null,
    doneAt: 1,
    meta: {},
    expiresAt: null,
  };
  expect(decodeRecord('t', encodeRecord(record, serializer), serializer, null)).toEqual(record);
  const store = memoryStore({ serializer });
  await store.put([record]);
  expect(await store.get(['t'])).toEqual([record]);
});

it.each([
  [[], /one choice at least/],
  [[{ serializer: json, minBytes: 1 }], /no conditions of the last/],
  [[{ serializer: json }, { serializer: json }], /each serializer once/],
])('refuses the choices %j', (choices, message) => {
  expect(() => adaptive(choices)).toThrow(message);
});
