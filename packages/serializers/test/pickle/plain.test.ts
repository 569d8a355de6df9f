import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/pickle/limits.js';
import { Machine } from '../../src/pickle/machine.js';
import { OP } from '../../src/pickle/opcodes.js';
import { run } from '../../src/pickle/operations.js';
import { readPlain } from '../../src/pickle/plain.js';
import { Resolver } from '../../src/pickle/resolve.js';
import { pickle } from '../../src/pickle/serializer.js';

const limits = resolveOptions({});

const readExactly = (bytes: Uint8Array): unknown => {
  const machine = new Machine(bytes, limits);
  return new Resolver(limits, machine.shared).value(run(machine));
};

/** What the short way reads, the long way reads alike: so it accepts nothing that the long way refuses. */
const agrees = (bytes: Uint8Array): boolean => {
  const value = readPlain(bytes, limits);
  if (value === undefined) return false;
  expect(value).toStrictEqual(readExactly(bytes));
  return true;
};

const key = fc.string({ maxLength: 8, unit: 'grapheme' });
const { value: plainValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.string({ maxLength: 30, unit: 'grapheme' }), fc.boolean(), fc.constant(null)),
    fc.oneof(fc.integer(), fc.nat(70_000), fc.double()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

const u8 = fc.nat(255);
const part = (opcode: number, ...argument: fc.Arbitrary<number>[]): fc.Arbitrary<number[]> =>
  fc.tuple(...argument).map((bytes) => [opcode, ...bytes]);
const text = fc.constantFrom('a', 'b', '__proto__').map((t) => [OP.SHORT_BINUNICODE, t.length, ...Buffer.from(t)]);
const bare = (Object.keys(OP) as (keyof typeof OP)[]).filter((name) =>
  /^(MARK|EMPTY_(LIST|DICT)|APPENDS?|SETITEMS?|MEMOIZE|NONE|NEWTRUE|STOP|DUP|POP|TUPLE1)$/.test(name),
);
const opcodes = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...bare).map((name) => [OP[name]]) },
  { weight: 4, arbitrary: text },
  part(OP.BININT1, u8),
  part(OP.BININT2, u8, u8),
  part(OP.BININT, u8, u8, u8, u8),
  part(OP.BINFLOAT, u8, u8, u8, u8, u8, u8, u8, u8),
  part(OP.SHORT_BINUNICODE, fc.nat(3), u8),
  part(OP.BINUNICODE, fc.nat(3), fc.constant(0), fc.constant(0), fc.constantFrom(0, 0, 255), u8),
  part(OP.PROTO, fc.nat(6)),
  part(OP.FRAME, fc.nat(9), ...Array.from({ length: 7 }, () => fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1))),
  u8.map((byte) => [byte]),
);

describe('the short way for small plain values', () => {
  it('reads what the writer writes of them', () => {
    fc.assert(
      fc.property(plainValue, (value) => {
        const bytes = pickle.encode(value) as Uint8Array;
        // Larger ones, and integers beyond 32 bits, go the long way.
        if (agrees(bytes)) expect(readPlain(bytes, limits)).toStrictEqual(value);
      }),
    );
    expect(
      agrees(pickle.encode({ total: 42, at: 1.5, items: ['a', { id: 70_000 }], note: 'é', none: null }) as Uint8Array),
    ).toBe(true);
  });

  it('reads what Python writes: a frame, a memo, and containers of one', () => {
    const frame = [OP.FRAME, 11, 0, 0, 0, 0, 0, 0, 0];
    const body = [OP.EMPTY_DICT, OP.MEMOIZE, OP.SHORT_BINUNICODE, 1, 0x61, OP.MEMOIZE, OP.EMPTY_LIST, OP.MEMOIZE];
    const end = [OP.NONE, OP.APPEND, OP.SETITEM, OP.STOP];
    const bytes = Uint8Array.from([OP.PROTO, 4, ...frame, ...body, ...end]);
    expect(agrees(bytes)).toBe(true);
    expect(readPlain(bytes, limits)).toEqual({ a: [null] });
  });

  it('accepts nothing that the long way refuses, and reads nothing otherwise', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.array(opcodes, { maxLength: 14 }), (parts) => {
        if (agrees(Uint8Array.from([...parts.flat(), OP.STOP]))) read += 1;
      }),
      { numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('leaves to the long way what might pass a limit', () => {
    const bytes = pickle.encode([1, [2]]) as Uint8Array;
    expect(readPlain(bytes, limits)).toEqual([1, [2]]);
    const size = bytes.length - 1;
    for (const option of [{ maxItems: size }, { maxDepth: size }, { exactFloats: true }])
      expect(readPlain(bytes, resolveOptions(option))).toBeUndefined();
  });
});
