import { hasLoneSurrogate } from '../pickle/text.js';
import type { TreeLimits } from '../tree-limits.js';
import { TreeWriter } from '../tree-writer.js';

/** Most results are shorter; what is longer doubles it. */
const FIRST_BYTES = 1_024;

/** So many characters take 30 bytes at most, as many as a header of one byte can say (31). */
const SHORT = 10;

/** MessagePack as kombu writes it: every float in eight bytes, text as str, bytes as bin, integers of 64 bits and no more. */
export class MsgpackWriter extends TreeWriter {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  constructor(limits: TreeLimits) {
    super('msgpack', limits);
  }

  write(value: unknown): Uint8Array {
    this.root(value);
    if (this.#at > this.limits.maxBytes) this.tooMuch('it is too long', 'maxBytes');
    return this.#buffer.subarray(0, this.#at);
  }

  protected null(): void {
    this.#u8(0xc0);
  }

  protected boolean(value: boolean): void {
    this.#u8(value ? 0xc3 : 0xc2);
  }

  protected integer(value: number | bigint): void {
    if (value >= 0 ? value < 0x80 : value >= -0x20) this.#u8(Number(value) & 0xff);
    else if (value >= 0 && value <= 0xffff_ffff) this.#sized(Number(value), 0xcc, 0xcd, 0xce);
    else if (value < 0 && value >= -0x8000_0000) this.#negative(Number(value));
    else this.#int64(BigInt(value));
  }

  #negative(value: number): void {
    if (value >= -0x80) {
      this.#u8(0xd0);
      this.#u8(value & 0xff);
    } else if (value >= -0x8000) {
      this.#u8(0xd1);
      this.#at = this.#room(2).writeInt16BE(value, this.#at);
    } else {
      this.#u8(0xd2);
      this.#at = this.#room(4).writeInt32BE(value, this.#at);
    }
  }

  #int64(value: bigint): void {
    if (value < -(2n ** 63n) || value >= 2n ** 64n) this.fail('an integer of more than 64 bits');
    this.#u8(value < 0n ? 0xd3 : 0xcf);
    this.#at = this.#room(8).writeBigUInt64BE(BigInt.asUintN(64, value), this.#at);
  }

  protected float(value: number): void {
    this.#u8(0xcb);
    this.#at = this.#room(8).writeDoubleBE(value, this.#at);
  }

  protected text(value: string): void {
    if (value.length <= SHORT) this.#short(value);
    else this.#long(value);
  }

  #long(value: string): void {
    const length = Buffer.byteLength(value);
    this.#check(value, length);
    if (length < 32) this.#u8(0xa0 | length);
    else this.#sized(length, 0xd9, 0xda, 0xdb);
    this.#at += this.#room(length).write(value, this.#at);
  }

  /** Measured by writing it. */
  #short(value: string): void {
    const length = this.#room(1 + SHORT * 3).write(value, this.#at + 1);
    this.#check(value, length);
    this.#buffer[this.#at] = 0xa0 | length;
    this.#at += 1 + length;
  }

  /** UTF-8 has no form for half a pair; Python refuses it, too. */
  #check(value: string, length: number): void {
    if (length !== value.length && hasLoneSurrogate(value)) this.fail('text with half a surrogate pair');
  }

  protected bytes(value: Uint8Array): void {
    this.#sized(value.length, 0xc4, 0xc5, 0xc6);
    this.#room(value.length).set(value, this.#at);
    this.#at += value.length;
  }

  protected list(length: number, items: (before: () => void) => void): void {
    if (length < 16) this.#u8(0x90 | length);
    else this.#sized(length, 0, 0xdc, 0xdd);
    items(nothing);
  }

  protected map(length: number, members: (before: (key: unknown) => void) => void): void {
    if (length < 16) this.#u8(0x80 | length);
    else this.#sized(length, 0, 0xde, 0xdf);
    members((key) => this.text(key as string));
  }

  /** Python writes others, but does not read them. */
  protected isKey(key: unknown): boolean {
    return typeof key === 'string';
  }

  protected typed(): boolean {
    return false;
  }

  /** The code for one, two or four bytes, and a number in as many; 0 where there is none for one byte. */
  #sized(value: number, code8: number, code16: number, code32: number): void {
    if (value < 0x100 && code8 !== 0) {
      this.#u8(code8);
      this.#u8(value);
    } else if (value < 0x1_0000) {
      this.#u8(code16);
      this.#at = this.#room(2).writeUInt16BE(value, this.#at);
    } else {
      this.#u8(code32);
      this.#at = this.#room(4).writeUInt32BE(value, this.#at);
    }
  }

  #u8(byte: number): void {
    this.#room(1)[this.#at] = byte;
    this.#at += 1;
  }

  /** The buffer, with room for so many more. */
  #room(bytes: number): Buffer {
    const needed = this.#at + bytes;
    if (needed > this.#buffer.length) this.#grow(needed);
    return this.#buffer;
  }

  #grow(needed: number): void {
    const { maxBytes } = this.limits;
    // Short texts ask for more room than they take.
    if (needed > maxBytes + 1 + SHORT * 3) this.tooMuch('it is too long', 'maxBytes');
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}

const nothing = (): void => {};
