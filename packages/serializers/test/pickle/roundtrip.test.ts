import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pickle, pickleSerializer } from '../../src/pickle/index.js';
import { pythonValue } from './arbitraries.js';
import { findPython, startPython } from './python.js';
import { tagged } from './tagged.js';

const bytesOf = (value: unknown): Uint8Array => pickle.encode(value) as Uint8Array;

describe('any value', () => {
  it('reads back as what was written', () => {
    fc.assert(
      fc.property(pythonValue, (value) => {
        expect(tagged(pickleSerializer({ exactFloats: true }).decode(bytesOf(value)))).toEqual(tagged(value));
      }),
    );
  });

  it('is written to the same bytes again after it was read, floats being exact', () => {
    const exact = pickleSerializer({ exactFloats: true });
    fc.assert(
      fc.property(pythonValue, (value) => {
        const bytes = bytesOf(value);
        expect(exact.encode(exact.decode(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe('any value, through real Python', () => {
  const command = findPython();
  let python: ReturnType<typeof startPython> | undefined;
  beforeAll(() => {
    if (command !== undefined) python = startPython(command);
  });
  afterAll(() => python?.close());

  it('means the same to Python, and comes back the same in every protocol', { timeout: 60_000 }, async (ctx) => {
    if (python === undefined) return ctx.skip('there is no python3 >= 3.9 on PATH');
    const peer = python;
    await fc.assert(
      fc.asyncProperty(pythonValue, fc.nat(5), async (value, protocol) => {
        const answer = await peer.repickle(bytesOf(value), protocol);
        expect(answer.tagged).toEqual(tagged(value));
        const exact = pickleSerializer({ exactFloats: true });
        expect(tagged(exact.decode(answer.pickle))).toEqual(tagged(value));
      }),
      { numRuns: 500 },
    );
  });
});
