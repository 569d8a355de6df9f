/** Bits, the highest of a byte first. */
export class BitReader {
  readonly #bytes: Uint8Array;
  /** The next byte. */
  #at = 0;
  #held = 0;
  #bits = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** At most 24 of them. Errors: Error at the end. */
  read(count: number): number {
    while (this.#bits < count) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new Error('it is cut off');
      this.#at += 1;
      this.#held = ((this.#held << 8) | byte) & 0x7fff_ffff;
      this.#bits += 8;
    }
    this.#bits -= count;
    return (this.#held >>> this.#bits) & ((1 << count) - 1);
  }

  /** Whether nothing follows but what fills the last byte. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}

export class BitWriter {
  #bytes = new Uint8Array(1_024);
  #length = 0;
  #held = 0;
  #bits = 0;

  /** The lowest `count` bits of the value, at most 24. */
  write(count: number, value: number): void {
    this.#held = (this.#held << count) | (value & ((1 << count) - 1));
    this.#bits += count;
    while (this.#bits >= 8) {
      this.#bits -= 8;
      this.#push((this.#held >>> this.#bits) & 0xff);
    }
    this.#held &= 0xff;
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  /** With zeros up to a whole byte. */
  finish(): Uint8Array {
    if (this.#bits > 0) this.write(8 - this.#bits, 0);
    return this.#bytes.subarray(0, this.#length);
  }
}
