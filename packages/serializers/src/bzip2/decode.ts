import { BitReader } from './bits.js';
import { crcByte, crcCombine, crcEnd, crcStart } from './crc.js';
import { BLOCK_MAGIC, BLOCK_UNIT, END_MAGIC, GROUP, MAX_LENGTH } from './format.js';
import { codeOf, readSymbol } from './huffman.js';

/**
 * One bzip2 stream, as Python's bz2.compress makes it.
 *
 * Takes memory for one block (8 MB) and the output, which is given up as soon as it passes `maxBytes`.
 * Errors: Error for a damaged stream; what `tooLong` makes where the output is longer.
 * Source: bzip2 1.0.8 decompress.c; the format has no other specification.
 */
export function decodeBzip2(bytes: Uint8Array, maxBytes: number, tooLong: () => Error): Uint8Array {
  const bits = new BitReader(bytes);
  if (bits.read(24) !== 0x425a68) throw new Error('it is no bzip2');
  const level = bits.read(8) - 0x30;
  if (level < 1 || level > 9) throw new Error('its block size is unknown');
  const output = new Output(maxBytes, tooLong);
  const block = new Uint32Array(level * BLOCK_UNIT);
  let streamCrc = 0;
  for (;;) {
    const [high, low] = [bits.read(24), bits.read(24)];
    const crc = bits.read(16) * 0x1_0000 + bits.read(16);
    if (high === END_MAGIC[0] && low === END_MAGIC[1]) {
      if (crc !== streamCrc) throw new Error('its checksum is wrong');
      break;
    }
    if (high !== BLOCK_MAGIC[0] || low !== BLOCK_MAGIC[1]) throw new Error('a block is of no known kind');
    readBlock(bits, block, output);
    const blockCrc = output.takeCrc();
    if (blockCrc !== crc) throw new Error('a checksum is wrong');
    streamCrc = crcCombine(streamCrc, crc);
  }
  if (!bits.isAtEnd) throw new Error('something follows the stream');
  return output.bytes();
}

function readBlock(bits: BitReader, block: Uint32Array, output: Output): void {
  // Randomised blocks have not been written since 1997.
  if (bits.read(1) !== 0) throw new Error('a block is randomised');
  const origin = bits.read(24);
  const alphabet = readAlphabet(bits);
  const codes = readCodes(bits, alphabet.length + 2);
  const counts = new Uint32Array(256);
  const length = readSymbols(bits, alphabet, codes, block, counts);
  if (origin >= length) throw new Error('a block begins beyond its end');
  unsort(block, length, counts);
  output.block(block, origin, length);
}

/** The bytes that occur, in two layers of a bit map. */
function readAlphabet(bits: BitReader): number[] {
  const used = bits.read(16);
  const alphabet: number[] = [];
  for (let row = 0; row < 16; row += 1) {
    if (!(used & (0x8000 >> row))) continue;
    const columns = bits.read(16);
    for (let column = 0; column < 16; column += 1) if (columns & (0x8000 >> column)) alphabet.push(row * 16 + column);
  }
  if (alphabet.length === 0) throw new Error('a block has no bytes');
  return alphabet;
}

interface Codes {
  readonly tables: readonly ReturnType<typeof codeOf>[];
  /** Which of them is used for each 50 symbols. */
  readonly selectors: Uint8Array;
}

function readCodes(bits: BitReader, symbols: number): Codes {
  const count = bits.read(3);
  const selectors = new Uint8Array(bits.read(15));
  if (count < 2 || count > 6 || selectors.length === 0) throw new Error('a block has no tables');
  const recent = [0, 1, 2, 3, 4, 5].slice(0, count);
  for (let i = 0; i < selectors.length; i += 1) {
    let position = 0;
    while (bits.read(1) === 1) {
      position += 1;
      if (position >= count) throw new Error('a table is missing');
    }
    const [table = 0] = recent.splice(position, 1);
    recent.unshift(table);
    selectors[i] = table;
  }
  const tables = Array.from({ length: count }, () => codeOf(readLengths(bits, symbols)));
  return { tables, selectors };
}

function readLengths(bits: BitReader, symbols: number): Uint8Array {
  const lengths = new Uint8Array(symbols);
  let length = bits.read(5);
  for (let i = 0; i < symbols; i += 1) {
    for (;;) {
      if (length < 1 || length > MAX_LENGTH) throw new Error('a code is too long');
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[i] = length;
  }
  return lengths;
}

/** Undoes Huffman's code, the runs and the move to front. Returns how many bytes there are. */
function readSymbols(
  bits: BitReader,
  alphabet: number[],
  { tables, selectors }: Codes,
  block: Uint32Array,
  counts: Uint32Array,
): number {
  const end = alphabet.length + 1;
  let length = 0;
  let run = 0;
  let unit = 1;
  const put = (byte: number, times: number): void => {
    if (times > block.length - length) throw new Error('a block is too long');
    block.fill(byte, length, length + times);
    counts[byte] = (counts[byte] as number) + times;
    length += times;
  };
  for (let read = 0; ; read += 1) {
    const table = tables[selectors[Math.floor(read / GROUP)] ?? -1];
    if (table === undefined) throw new Error('a block has more symbols than it says');
    const symbol = readSymbol(bits, table);
    if (symbol <= 1) {
      // The digits of the run's length are 1 and 2.
      run += unit * (symbol + 1);
      unit *= 2;
      if (run > block.length) throw new Error('a block is too long');
      continue;
    }
    if (run > 0) put(alphabet[0] as number, run);
    run = 0;
    unit = 1;
    if (symbol === end) return length;
    const [byte = 0] = alphabet.splice(symbol - 1, 1);
    alphabet.unshift(byte);
    put(byte, 1);
  }
}

/** Burrows and Wheeler's transform back: above each byte comes the place of the one after it. */
function unsort(block: Uint32Array, length: number, counts: Uint32Array): void {
  let sum = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    const count = counts[byte] as number;
    counts[byte] = sum;
    sum += count;
  }
  for (let i = 0; i < length; i += 1) {
    const byte = (block[i] as number) & 0xff;
    const place = counts[byte] as number;
    counts[byte] = place + 1;
    block[place] = (block[place] as number) | (i << 8);
  }
}

class Output {
  readonly #maxBytes: number;
  readonly #tooLong: () => Error;
  #bytes = new Uint8Array(4_096);
  #length = 0;
  #crc = crcStart;

  constructor(maxBytes: number, tooLong: () => Error) {
    this.#maxBytes = maxBytes;
    this.#tooLong = tooLong;
  }

  /** After four equal bytes a fifth says how many more there are. */
  block(block: Uint32Array, origin: number, length: number): void {
    let at = (block[origin] as number) >>> 8;
    let previous = -1;
    let equal = 0;
    for (let i = 0; i < length; i += 1) {
      const entry = block[at] as number;
      at = entry >>> 8;
      const byte = entry & 0xff;
      if (equal === 4) {
        this.#push(previous, byte);
        equal = 0;
        previous = -1;
      } else {
        equal = byte === previous ? equal + 1 : 1;
        previous = byte;
        this.#push(byte, 1);
      }
    }
  }

  #push(byte: number, times: number): void {
    const length = this.#length + times;
    if (length > this.#maxBytes) throw this.#tooLong();
    if (length > this.#bytes.length) this.#grow();
    for (let i = 0; i < times; i += 1) this.#crc = crcByte(this.#crc, byte);
    this.#bytes.fill(byte, this.#length, length);
    this.#length = length;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  /** Since the last time it was taken. */
  takeCrc(): number {
    const crc = crcEnd(this.#crc);
    this.#crc = crcStart;
    return crc;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
