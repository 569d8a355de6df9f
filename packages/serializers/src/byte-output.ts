/** Most results are shorter; what is longer doubles it. */
const FIRST_BYTES = 1_024;

/** Bytes and numbers, the highest byte first, in one buffer that grows. */
export class ByteOutput {
  readonly #maxBytes: number;
  readonly #tooLong: () => never;
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  /** `tooLong` throws: there are more than `maxBytes`. */
  constructor(maxBytes: number, tooLong: () => never) {
    this.#maxBytes = maxBytes;
    this.#tooLong = tooLong;
  }

  u8(byte: number): void {
    this.#room(1)[this.#at] = byte;
    this.#at += 1;
  }

  u16(value: number): void {
    this.#at = this.#room(2).writeUInt16BE(value, this.#at);
  }

  u32(value: number): void {
    this.#at = this.#room(4).writeUInt32BE(value, this.#at);
  }

  /** The lowest 64 bits, of a negative number too. */
  u64(value: bigint): void {
    this.#at = this.#room(8).writeBigUInt64BE(BigInt.asUintN(64, value), this.#at);
  }

  f64(value: number): void {
    this.#at = this.#room(8).writeDoubleBE(value, this.#at);
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length).set(value, this.#at);
    this.#at += value.length;
  }

  /** Text that takes so many bytes in UTF-8. */
  text(value: string, bytes: number): void {
    this.#at += this.#room(bytes).write(value, this.#at);
  }

  /** Text of ten characters at most, after a byte that `header` makes of its length; which is returned. */
  shortText(value: string, header: number): number {
    const length = this.#room(1 + MAX_SHORT_BYTES).write(value, this.#at + 1);
    this.#buffer[this.#at] = header | length;
    this.#at += 1 + length;
    return length;
  }

  /** The buffer, with room for so many more. */
  #room(bytes: number): Buffer {
    const needed = this.#at + bytes;
    if (needed > this.#buffer.length) this.#grow(needed);
    return this.#buffer;
  }

  #grow(needed: number): void {
    // Short texts ask for more room than they take.
    if (needed > this.#maxBytes + 1 + MAX_SHORT_BYTES) this.#tooLong();
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }

  finish(): Uint8Array {
    if (this.#at > this.#maxBytes) this.#tooLong();
    return this.#buffer.subarray(0, this.#at);
  }
}

/** Ten characters take three bytes each at most. */
const MAX_SHORT_BYTES = 30;
