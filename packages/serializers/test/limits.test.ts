import { createResultBackend, isResultError, json, memoryStore, PythonSet, RemoteError, Tuple } from '@rb/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { compressed } from '../src/compressed/index.js';
import { encrypted } from '../src/encrypted/index.js';
import { limits } from '../src/limits/index.js';
import { excess } from '../src/limits/measure.js';
import { pickle } from '../src/pickle/index.js';

const refusalOf = (work: () => unknown): Error & { code?: string } => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = i % 2 ? [value] : { value };
  return value;
};

describe('limits', () => {
  it.each([
    ['maxBytes', '"four"', 6, 'the data has 6 bytes, more than 5'],
    ['maxBytes', '"ü"', 4, 'the data has 4 bytes, more than 3'],
    ['maxDepth', '[[{"a":1}]]', 3, 'the value has more than 2 containers inside each other'],
    ['maxEntries', '{"a":[1,2],"b":null}', 4, 'the value has more than 3 entries'],
  ])('%s: %s passes with %i, and not with one less, both ways', (name, text, exact, message) => {
    const value = json.decode(text);
    const enough = limits(json, { [name]: exact });
    expect(enough.encode(value)).toBe(text);
    expect(enough.decode(Buffer.from(text))).toEqual(value);
    const little = limits(json, { [name]: exact - 1 });
    for (const [work, code] of [
      [() => little.encode(value), 'RB_ENCODE'],
      [() => little.decode(text), 'RB_DECODE'],
      [() => little.decode(Buffer.from(text)), 'RB_DECODE'],
    ] as const) {
      const error = refusalOf(work);
      expect(isResultError(error) && error.code).toBe(code);
      expect(error.message).toBe(`limits: ${message} (${name}; raise it where such results are expected)`);
    }
  });

  it('changes nothing of any value that is within them', () => {
    const serializer = limits(json, { maxBytes: 1e6, maxDepth: 100, maxEntries: 1e5 });
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(serializer.encode(json.decode(text))).toBe(json.encode(json.decode(text)));
        expect(serializer.decode(text)).toEqual(json.decode(text));
      }),
    );
    expect(serializer).toMatchObject({ name: 'json', contentType: 'application/json', contentEncoding: 'utf-8' });
  });

  it('counts bytes before it decodes', () => {
    const decode = vi.fn(json.decode);
    expect(() => limits({ ...json, decode }, { maxBytes: 3 }).decode('[1,2]')).toThrow(/5 bytes/);
    expect(decode).not.toHaveBeenCalled();
  });

  it('bounds what is stored, or what it is made of, by where it stands', () => {
    const value = 'over and over '.repeat(1_000);
    const outside = limits(compressed(json), { maxBytes: 1_000 });
    expect(outside.decode(outside.encode(value))).toBe(value);
    const inside = compressed(limits(json, { maxBytes: 1_000 }));
    expect(() => inside.decode(compressed(json).encode(value))).toThrow(/has 14002 bytes/);
  });

  it('lets what is wrapped through to those inside that undo it, and to those that accept puts there', () => {
    const keys = { keys: { a: Buffer.alloc(32) }, activeKeyId: 'a' };
    const serializer = compressed(limits(encrypted(json, keys), { maxBytes: 100 }));
    expect(serializer.decode(serializer.encode([1]))).toEqual([1]);
    expect(() => limits(pickle, { maxBytes: 3 }).around?.(json).decode('[1,2]')).toThrow(/5 bytes/);
  });
});

describe('what is counted', () => {
  it.each([
    ['a Tuple', new Tuple([1, 2]), 1, 2],
    ['a PythonSet', new PythonSet([1, 2]), 1, 2],
    ['a Set', new Set([1, [2]]), 2, 3],
    ['a Map', new Map([['a', 1]]), 1, 1],
    ['a Map with a key that is a container', new Map([[new Tuple([1]), [2]]]), 2, 4],
    [
      'an exception: its fields and their members',
      new RemoteError('E', null, [[1]]),
      3,
      Object.keys(new RemoteError('E', null, [])).length + 2,
    ],
    ['bytes and dates, which hold nothing', [new Uint8Array(100), new Date()], 1, 2],
    ['null', null, 1, 1],
  ])('%s', (_, value, depth, entries) => {
    expect(excess(value, { maxDepth: depth, maxEntries: entries })).toBe(undefined);
    if (value === null) return;
    expect(excess(value, { maxDepth: depth - 1, maxEntries: entries })).toBe('maxDepth');
    expect(excess(value, { maxDepth: depth, maxEntries: entries - 1 })).toBe('maxEntries');
  });

  it('stops at the first excess: a cycle, a value that unfolds to 2^60 entries, and a million levels', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(excess(cycle, { maxDepth: 100, maxEntries: Number.POSITIVE_INFINITY })).toBe('maxDepth');
    expect(excess(cycle, { maxDepth: Number.POSITIVE_INFINITY, maxEntries: 100_000 })).toBe('maxEntries');
    let bomb: unknown[] = [];
    for (let i = 0; i < 60; i += 1) bomb = [bomb, bomb];
    expect(excess(bomb, { maxDepth: 100, maxEntries: 100_000 })).toBe('maxEntries');
    expect(excess(nested(1_000_000), { maxDepth: 1_000_000, maxEntries: 1_000_000 })).toBe(undefined);
  });
});

it.each([{ maxBytes: 0 }, { maxDepth: -1 }, { maxEntries: Number.NaN }])('refuses the limit %j', (options) => {
  expect(() => limits(json, options)).toThrow(TypeError);
});

it('refuses one result and leaves the store usable', async () => {
  const store = memoryStore({ serializer: limits(json, { maxDepth: 5, maxEntries: 50, maxBytes: 1_000 }) });
  await using backend = createResultBackend(store);
  await expect(backend.succeed('deep', nested(6))).rejects.toMatchObject({ code: 'RB_ENCODE', taskId: 'deep' });
  await expect(backend.succeed('long', 'x'.repeat(1_000))).rejects.toMatchObject({ code: 'RB_ENCODE' });
  await backend.succeed('fine', nested(4));
  expect(await backend.result('fine')).toEqual(nested(4));
});
