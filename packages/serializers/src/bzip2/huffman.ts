import type { BitReader } from './bits.js';
import { MAX_LENGTH } from './format.js';

/** A canonical code, as it is read: of each length the codes are consecutive. */
export interface Code {
  /** The first code of each length. */
  readonly first: Int32Array;
  /** How many there are. */
  readonly counts: Int32Array;
  /** Where the symbols of each length begin among `symbols`. */
  readonly starts: Int32Array;
  readonly symbols: Uint16Array;
}

export function codeOf(lengths: Uint8Array): Code {
  const counts = new Int32Array(MAX_LENGTH + 1);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  const first = new Int32Array(MAX_LENGTH + 1);
  const starts = new Int32Array(MAX_LENGTH + 1);
  let code = 0;
  let start = 0;
  for (let length = 1; length <= MAX_LENGTH; length += 1) {
    first[length] = code;
    starts[length] = start;
    code = (code + (counts[length] as number)) * 2;
    start += counts[length] as number;
  }
  const symbols = new Uint16Array(lengths.length);
  const next = starts.slice();
  lengths.forEach((length, symbol) => {
    symbols[next[length] as number] = symbol;
    next[length] = (next[length] as number) + 1;
  });
  return { first, counts, starts, symbols };
}

/** Errors: Error for bits that are no code, of which an incomplete table has some. */
export function readSymbol(bits: BitReader, { first, counts, starts, symbols }: Code): number {
  let code = 0;
  for (let length = 1; length <= MAX_LENGTH; length += 1) {
    code = code * 2 + bits.read(1);
    const offset = code - (first[length] as number);
    if (offset >= 0 && offset < (counts[length] as number))
      return symbols[(starts[length] as number) + offset] as number;
  }
  throw new Error('a symbol has no meaning');
}

/** The code that each symbol is written as, by the same rule. */
export function codesOf(lengths: Uint8Array): Uint32Array {
  const { first } = codeOf(lengths);
  const codes = new Uint32Array(lengths.length);
  lengths.forEach((length, symbol) => {
    codes[symbol] = first[length] as number;
    first[length] = (first[length] as number) + 1;
  });
  return codes;
}

/** bzip2's own limit when writing. */
const MAX_WRITTEN = 17;

/** How long the code of each symbol is, by how often it comes. Every symbol gets one. */
export function lengthsOf(frequencies: Uint32Array): Uint8Array {
  for (let weights = Array.from(frequencies, (count) => Math.max(count, 1)); ; weights = weights.map(flattened)) {
    const lengths = depthsOf(weights);
    if (lengths.every((length) => length <= MAX_WRITTEN)) return lengths;
  }
}

const flattened = (weight: number): number => Math.ceil(weight / 2);

interface Node {
  readonly weight: number;
  readonly symbols: readonly number[];
}

function depthsOf(weights: readonly number[]): Uint8Array {
  const depths = new Uint8Array(weights.length);
  const open: Node[] = weights.map((weight, symbol) => ({ weight, symbols: [symbol] }));
  // Some 258 symbols at most: no heap pays.
  open.sort((a, b) => b.weight - a.weight);
  while (open.length > 1) {
    const [a, b] = [open.pop() as Node, open.pop() as Node];
    const symbols = [...a.symbols, ...b.symbols];
    for (const symbol of symbols) depths[symbol] = (depths[symbol] as number) + 1;
    const weight = a.weight + b.weight;
    let place = open.length;
    while (place > 0 && (open[place - 1] as Node).weight < weight) place -= 1;
    open.splice(place, 0, { weight, symbols });
  }
  return depths;
}
