import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPickle } from '../../src/pickle/index.js';

const utf8 = new TextEncoder();

// That every fixture and every vector is a pickle is asserted where they are read.
describe('isPickle', () => {
  it('is false for any JSON, printed in any way', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(4), (json, indent) => {
        expect(isPickle(utf8.encode(json))).toBe(false);
        expect(isPickle(utf8.encode(JSON.stringify(JSON.parse(json), null, indent)))).toBe(false);
      }),
    );
  });

  it.each(['NaN', 'Infinity', '-Infinity', 'null\n...\n', '{}\n', 'I am.\n...\n', '', '.', 'N'])(
    'is false for the text %j',
    (text) => {
      expect(isPickle(utf8.encode(text))).toBe(false);
    },
  );

  it.each([
    ['an empty map', [0x80]],
    ['the number 46', [0x2e]],
    ['an array that ends in 46', [0x91, 0x2e]],
    ['null', [0xc0]],
  ])('is false for MessagePack: %s', (_title, bytes) => {
    expect(isPickle(Uint8Array.from(bytes))).toBe(false);
  });

  it('is true for a protocol yet to come, so that reading it says so', () => {
    expect(isPickle(Uint8Array.of(0x80, 9, 0x4e, 0x2e))).toBe(true);
  });
});
