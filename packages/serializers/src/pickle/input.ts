import { refuse } from './limits.js';

/** A position in the pickle. A length is checked against what is left before anything is allocated. */
export class Input {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    // Plain, because a Buffer's slice() is no copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves on by `length`, and returns where it was. */
  skip(length: number): number {
    const start = this.offset;
    if (length > this.bytes.length - start)
      throw refuse(`it ends ${length - this.bytes.length + start} bytes early`, start);
    this.offset = start + length;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }

  /** A length of eight bytes: as a number, which is exact for all that a machine can hold. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.skip(8), true));
  }

  f64(): number {
    return this.#view.getFloat64(this.skip(8), false);
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  /** Up to the next line feed, which is left out. */
  line(): Uint8Array {
    const end = this.bytes.indexOf(0x0a, this.offset);
    if (end === -1) throw refuse('it ends within a line', this.offset);
    const line = this.bytes.subarray(this.offset, end);
    this.offset = end + 1;
    return line;
  }
}
