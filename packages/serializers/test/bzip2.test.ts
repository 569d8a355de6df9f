import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitWriter } from '../src/bzip2/bits.js';
import { decodeBzip2 } from '../src/bzip2/decode.js';
import { encodeBzip2 } from '../src/bzip2/encode.js';
import { findPython } from './pickle/python.js';

const decoded = (bytes: Uint8Array, maxBytes = 2 ** 26): Buffer =>
  Buffer.from(decodeBzip2(bytes, maxBytes, () => new Error('too long')));

const runs = fc
  .array(fc.tuple(fc.nat(255), fc.oneof(fc.nat(10), fc.nat(600))), { maxLength: 60 })
  .map((pairs) => Buffer.concat(pairs.map(([byte, times]) => Buffer.alloc(times, byte))));
const text = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'abc', '{"status": ', 'ü'), { maxLength: 400 })
  .map((all) => Buffer.from(all.join('')));
const any = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  runs,
  text,
);

/** Several blocks, by a generator that repeats itself for nobody. */
const large = Buffer.alloc(250_000);
for (let i = 0, x = 1; i < large.length; i += 1) {
  x = (x * 1_103_515_245 + 12_345) % 2 ** 31;
  large[i] = i % 50_000 < 25_000 ? x >> 20 : 97 + ((i >> 4) % 5);
}

it('reads what it wrote', () => {
  fc.assert(
    fc.property(any, fc.integer({ min: 1, max: 9 }), (bytes, level) => {
      expect(decoded(encodeBzip2(bytes, level)).equals(bytes)).toBe(true);
    }),
  );
  for (const level of [1, 9]) expect(decoded(encodeBzip2(large, level)).equals(large)).toBe(true);
});

describe('with Python', () => {
  const python = findPython();
  const run = (code: string, input: Uint8Array): Buffer => {
    const { stdout, status, stderr } = spawnSync(python ?? '', ['-c', `import bz2, sys; ${code}`], {
      input,
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error(String(stderr));
    return stdout;
  };
  const samples = [...fc.sample(any, { numRuns: 6, seed: 1 }), Buffer.alloc(0), Buffer.alloc(100_000, 'abcabd'), large];

  it('it reads ours', (ctx) => {
    if (python === undefined) return ctx.skip('there is no python3 on PATH');
    for (const bytes of samples) {
      const read = run('sys.stdout.buffer.write(bz2.decompress(sys.stdin.buffer.read()))', encodeBzip2(bytes, 1));
      expect(read.equals(bytes)).toBe(true);
    }
  });

  it('we read its', (ctx) => {
    if (python === undefined) return ctx.skip('there is no python3 on PATH');
    for (const bytes of samples) {
      const stored = run('sys.stdout.buffer.write(bz2.compress(sys.stdin.buffer.read()))', bytes);
      expect(decoded(stored).equals(bytes)).toBe(true);
      expect(encodeBzip2(bytes, 9).length).toBeLessThan(stored.length * 1.15 + 100);
    }
  });
});

const outcomeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

/** One block of one byte, whose run has 32 digits: as a number of 32 bits its length would be -1. */
function endlessRun(): Uint8Array {
  const bits = new BitWriter();
  for (const byte of Buffer.from('BZh1')) bits.write(8, byte);
  for (const [count, value] of [
    [24, 0x314159],
    [24, 0x265359],
    [16, 0],
    [16, 0],
    [1, 0],
    [24, 0],
  ] as const)
    bits.write(count, value);
  // The byte a; two tables; one selector, the first; the lengths 1, 2 and 2, twice.
  for (const [count, value] of [
    [16, 0x0200],
    [16, 0x4000],
    [3, 2],
    [15, 1],
    [1, 0],
  ] as const)
    bits.write(count, value);
  for (let table = 0; table < 2; table += 1)
    for (const [count, value] of [
      [5, 1],
      [1, 0],
      [2, 2],
      [1, 0],
      [1, 0],
    ] as const)
      bits.write(count, value);
  bits.write(16, 0);
  bits.write(16, 0);
  bits.write(2, 3);
  return Buffer.concat([bits.finish(), Buffer.alloc(20)]);
}

describe('hostile bytes', () => {
  const sound = encodeBzip2(large.subarray(0, 3_000), 1);

  it('any turned bit, and any end, is found out in bounded time', () => {
    for (let i = 0; i < sound.length * 8; i += 19) {
      const turned = Buffer.from(sound);
      turned[i >> 3] = (turned[i >> 3] as number) ^ (0x80 >> (i & 7));
      // Some mean nothing: of the table that is not used, and of the last byte.
      const outcome = outcomeOf(() => decoded(turned));
      if (!(outcome instanceof Error)) expect((outcome as Buffer).equals(large.subarray(0, 3_000))).toBe(true);
    }
    for (let end = 0; end < sound.length; end += 13) expect(() => decoded(sound.subarray(0, end))).toThrow();
    expect(() => decoded(Buffer.concat([sound, sound]))).toThrow(/something follows/);
  });

  it('a run longer than any block is refused, also where its length passes 32 bits', () => {
    expect(() => decoded(endlessRun())).toThrow(/too long/);
  });

  it('stops at the limit', () => {
    expect(decoded(sound, 3_000).length).toBe(3_000);
    expect(() => decoded(sound, 2_999)).toThrow('too long');
  });
});
