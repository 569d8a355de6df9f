/**
 * How many bytes an xz stream expands to, without expanding it: each LZMA2 chunk says in its header how long its output is,
 * and a decoder makes exactly that or fails. Reads headers only, one per 2 MiB of output or 64 KiB of input at most.
 *
 * Shape:  bytes, or the first sum beyond `maxBytes`.
 * Errors: Error where it is no single stream of LZMA2 alone, the form that Python's lzma.compress writes.
 * Source: The .xz File Format 1.2.1, sections 2 to 5; LZMA2 as in xz-embedded's xz_dec_lzma2.c.
 */
export function measureXz(bytes: Uint8Array, maxBytes: number): number {
  const at = new Cursor(bytes);
  at.skip(7);
  const checkBytes = CHECK_BYTES[at.byte() & 0x0f] as number;
  at.skip(4);
  let total = 0;
  let blocks = 0;
  for (let size = at.byte(); size !== INDEX; size = at.byte()) {
    const start = at.offset - 1;
    readFilters(at);
    at.to(start + (size + 1) * 4);
    total += readChunks(at, maxBytes - total);
    if (total > maxBytes) return total;
    at.align();
    at.skip(checkBytes);
    blocks += 1;
  }
  if (at.number() !== blocks) throw new Error('the index does not fit');
  for (let i = 0; i < 2 * blocks; i += 1) at.number();
  at.align();
  // The index' check, and the footer.
  at.skip(4 + 12);
  if (at.offset !== bytes.length) throw new Error('something follows the stream');
  return total;
}

/** In the place of a block's size. */
const INDEX = 0;
const LZMA2 = 0x21;
/** 64 MiB, of Python's highest preset. A decoder takes so much memory at once, whatever the stream holds. */
const MAX_DICTIONARY = 28;
/** By the type of check. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

function readFilters(at: Cursor): void {
  const flags = at.byte();
  if ((flags & 0x3f) !== 0) throw new Error('it has more filters than LZMA2, or unknown flags');
  if (flags & 0x40) at.number();
  if (flags & 0x80) at.number();
  if (at.number() !== LZMA2 || at.number() !== 1) throw new Error('it is no LZMA2');
  if (at.byte() > MAX_DICTIONARY) throw new Error('its dictionary is larger than 64 MiB');
}

function readChunks(at: Cursor, maxBytes: number): number {
  let total = 0;
  for (let control = at.byte(); control !== 0; control = at.byte()) {
    if (control >= 0x80) {
      total += ((control & 0x1f) << 16) + at.uint16() + 1;
      const length = at.uint16() + 1;
      // From 0xc0 on a byte of properties comes first.
      at.skip(length + (control >= 0xc0 ? 1 : 0));
    } else {
      if (control > 2) throw new Error('a chunk is of no known kind');
      const length = at.uint16() + 1;
      total += length;
      at.skip(length);
    }
    if (total > maxBytes) break;
  }
  return total;
}

class Cursor {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.offset];
    if (byte === undefined) throw new Error('it is cut off');
    this.offset += 1;
    return byte;
  }

  uint16(): number {
    return this.byte() * 256 + this.byte();
  }

  /** Seven bits a byte, the lowest first. */
  number(): number {
    let value = 0;
    for (let unit = 1; unit <= 2 ** 56; unit *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
    throw new Error('a number is too long');
  }

  skip(bytes: number): void {
    this.to(this.offset + bytes);
  }

  to(offset: number): void {
    if (offset < this.offset || offset > this.#bytes.length) throw new Error('it is cut off');
    this.offset = offset;
  }

  align(): void {
    while (this.offset % 4 !== 0) this.byte();
  }
}
