import { ByteOutput } from '../byte-output.js';
import { hasLoneSurrogate } from '../pickle/text.js';
import type { TreeLimits } from '../tree-limits.js';
import { TreeWriter } from '../tree-writer.js';

/** So many characters take 30 bytes at most, and a header of one byte can say 31. */
const SHORT = 10;

/** MessagePack as kombu writes it: every float in eight bytes, text as str, bytes as bin, integers of 64 bits and no more. */
export class MsgpackWriter extends TreeWriter {
  readonly #output: ByteOutput;

  constructor(limits: TreeLimits) {
    super('msgpack', limits);
    this.#output = new ByteOutput(limits.maxBytes, () => this.tooMuch('it is too long', 'maxBytes'));
  }

  write(value: unknown): Uint8Array {
    this.root(value);
    return this.#output.finish();
  }

  protected null(): void {
    this.#output.u8(0xc0);
  }

  protected boolean(value: boolean): void {
    this.#output.u8(value ? 0xc3 : 0xc2);
  }

  protected integer(value: number | bigint): void {
    if (value >= 0 ? value < 0x80 : value >= -0x20) this.#output.u8(Number(value) & 0xff);
    else if (value >= 0 && value <= 0xffff_ffff) this.#sized(Number(value), 0xcc, 0xcd, 0xce);
    else if (value < 0 && value >= -0x8000_0000) this.#negative(Number(value));
    else this.#int64(BigInt(value));
  }

  #negative(value: number): void {
    if (value >= -0x80) {
      this.#output.u8(0xd0);
      this.#output.u8(value & 0xff);
    } else if (value >= -0x8000) {
      this.#output.u8(0xd1);
      this.#output.u16(value & 0xffff);
    } else {
      this.#output.u8(0xd2);
      this.#output.u32(value >>> 0);
    }
  }

  #int64(value: bigint): void {
    if (value < -(2n ** 63n) || value >= 2n ** 64n) this.fail('an integer of more than 64 bits');
    this.#output.u8(value < 0n ? 0xd3 : 0xcf);
    this.#output.u64(value);
  }

  protected float(value: number): void {
    this.#output.u8(0xcb);
    this.#output.f64(value);
  }

  protected text(value: string): void {
    if (value.length <= SHORT) this.#short(value);
    else this.#long(value);
  }

  #long(value: string): void {
    const length = Buffer.byteLength(value);
    this.#check(value, length);
    if (length < 32) this.#output.u8(0xa0 | length);
    else this.#sized(length, 0xd9, 0xda, 0xdb);
    this.#output.text(value, length);
  }

  /** Measured by writing it. */
  #short(value: string): void {
    this.#check(value, this.#output.shortText(value, 0xa0));
  }

  /** UTF-8 has no form for half a pair; Python refuses it, too. */
  #check(value: string, length: number): void {
    if (length !== value.length && hasLoneSurrogate(value)) this.fail('text with half a surrogate pair');
  }

  protected bytes(value: Uint8Array): void {
    this.#sized(value.length, 0xc4, 0xc5, 0xc6);
    this.#output.bytes(value);
  }

  protected list(length: number, items: (before: () => void) => void): void {
    if (length < 16) this.#output.u8(0x90 | length);
    else this.#sized(length, 0, 0xdc, 0xdd);
    items(nothing);
  }

  protected map(length: number, members: (before: (key: unknown) => void) => void): void {
    if (length < 16) this.#output.u8(0x80 | length);
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
      this.#output.u8(code8);
      this.#output.u8(value);
    } else if (value < 0x1_0000) {
      this.#output.u8(code16);
      this.#output.u16(value);
    } else {
      this.#output.u8(code32);
      this.#output.u32(value);
    }
  }
}

const nothing = (): void => {};
