import { DateTime, Opaque, TimeDelta, Uuid } from '@rb/core';
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

  it.for([4, 5])('is the second of two equal hours on the clock, in protocol %i too', async (protocol, ctx) => {
    if (python === undefined) return ctx.skip('there is no python3 >= 3.9 on PATH');
    const hours = [0, 1].map(
      (i) => new DateTime(Date.UTC(2011, 9, 30, i), { zone: 'Europe/Berlin', offsetSeconds: 7_200 - i * 3_600 }),
    );
    const answer = await python.repickle(bytesOf(hours), protocol);
    expect(answer.tagged).toEqual(tagged(hours));
    expect(tagged(pickle.decode(answer.pickle))).toEqual(tagged(hours));
  });

  it('is made by Python as an Opaque says, in every form', async (ctx) => {
    if (python === undefined) return ctx.skip('there is no python3 >= 3.9 on PATH');
    const { encode } = pickleSerializer({ writeOpaque: true });
    const forms: [Opaque, unknown][] = [
      [new Opaque('datetime', 'timedelta', [1, 2, 3]), new TimeDelta(1, 2, 3)],
      [new Opaque('datetime', 'timedelta', [], undefined, { form: 'new', kwargs: { days: 1 } }), new TimeDelta(1)],
      [new Opaque('uuid', 'UUID', [], { int: 5 }, { form: 'new' }), new Uuid('5'.padStart(32, '0'))],
      [new Opaque('builtins', 'list', [], undefined, { items: [1, 2] }), [1, 2]],
      [new Opaque('builtins', 'dict', [], undefined, { entries: [['k', 1]] }), { k: 1 }],
    ];
    const answer = await python.repickle(encode(forms.map(([form]) => form)) as Uint8Array, 4);
    expect(answer.tagged).toEqual(tagged(forms.map(([, value]) => value)));
  });
});
