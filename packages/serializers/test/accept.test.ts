import { accepting, json } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { compressed } from '../src/compressed/index.js';
import { msgpack } from '../src/msgpack/index.js';
import { isPickle, pickle } from '../src/pickle/index.js';
import { yaml } from '../src/yaml/index.js';
import { documents } from './documents.js';

const ALL = { json, msgpack, yaml, pickle };
const NAMES = ['json', 'msgpack', 'yaml', 'pickle'] as const;

/** What is empty in all of them, or text without an end: nothing tells it apart, and it is no document. */
const reads = (name: (typeof NAMES)[number], bytes: Uint8Array): unknown => ALL[name].decode(bytes);

describe.each(NAMES)('what Celery stored as %s', (name) => {
  const stored = documents(name);

  it('is told from the others, whichever serializer writes', () => {
    expect(stored.length).toBeGreaterThan(350);
    for (const writer of [json, msgpack, yaml, pickle]) {
      const reader = accepting(writer, [writer, json, msgpack, yaml, pickle]);
      for (const [title, bytes] of stored) expect(reader.decode(bytes), title).toEqual(reads(name, bytes));
    }
  });

  it('is refused before it is decoded where it is not accepted', () => {
    const others = NAMES.filter((other) => other !== name && other !== 'json').map((other) => ALL[other]);
    const [writer = json] = others;
    // YAML reads JSON too, and is asked whether it is text.
    if (name === 'json' && others.includes(yaml)) return;
    const reader = accepting(writer, others);
    for (const [title, bytes] of stored) {
      expect(() => reader.decode(bytes), title).toThrow(expect.objectContaining({ code: 'RB_DECODE' }));
    }
  });
});

it('pickle is read only where somebody asked for it', () => {
  const pickled = pickle.encode({ status: 'SUCCESS' }) as Uint8Array;
  expect(isPickle(pickled)).toBe(true);
  for (const writer of [json, msgpack, yaml, compressed(json), compressed(msgpack)]) {
    expect(() => accepting(writer).decode(pickled)).toThrow(expect.objectContaining({ code: 'RB_DECODE' }));
    expect(() => accepting(writer).decode('{}', { contentType: pickle.contentType })).toThrow(/content types/);
    expect(accepting(writer, [writer, pickle]).decode(pickled)).toEqual({ status: 'SUCCESS' });
  }
});

it('what is compressed is accepted by what is inside', () => {
  const value = { text: 'x'.repeat(2_000) };
  const reader = accepting(compressed(msgpack));
  for (const writer of [compressed(json), compressed(msgpack), json, msgpack]) {
    expect(reader.decode(writer.encode(value))).toEqual(value);
  }
  expect(() => reader.decode(compressed(pickle).encode(value))).toThrow(
    /accepted: application\/json, application\/x-msgpack/,
  );
});
