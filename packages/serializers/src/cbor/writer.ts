import { type DateTime, type Decimal, isKind, kindOf, type PlainDate, type PythonSet, type Uuid } from '@rb/core';
import { ByteOutput } from '../byte-output.js';
import { isoText } from '../iso-text.js';
import { hasLoneSurrogate } from '../pickle/text.js';
import type { TreeLimits } from '../tree-limits.js';
import { isDate, TreeWriter } from '../tree-writer.js';
import { partsOf } from './decimal.js';
import { MAJOR, TAG } from './format.js';

/** CBOR as Python's cbor2 writes it by default: lengths said first, every float in eight bytes, tags where Python has a type. */
export class CborWriter extends TreeWriter {
  readonly #output: ByteOutput;

  constructor(limits: TreeLimits) {
    super('cbor', limits);
    this.#output = new ByteOutput(limits.maxBytes, () => this.tooMuch('it is too long', 'maxBytes'));
  }

  write(value: unknown): Uint8Array {
    this.root(value);
    return this.#output.finish();
  }

  protected null(): void {
    this.#output.u8(0xf6);
  }

  protected boolean(value: boolean): void {
    this.#output.u8(value ? 0xf5 : 0xf4);
  }

  protected integer(value: number | bigint): void {
    const isNegative = value < 0;
    const argument = isNegative ? -1n - BigInt(value) : value;
    if (argument >= 2n ** 64n) this.#bignum(isNegative ? TAG.negativeBignum : TAG.bignum, BigInt(argument));
    else this.#head(isNegative ? MAJOR.negative : MAJOR.unsigned, argument);
  }

  #bignum(tag: number, value: bigint): void {
    const hex = value.toString(16);
    this.#head(MAJOR.tag, tag);
    this.bytes(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'));
  }

  protected float(value: number): void {
    this.#output.u8(0xfb);
    this.#output.f64(value);
  }

  protected text(value: string): void {
    const length = Buffer.byteLength(value);
    if (length !== value.length && hasLoneSurrogate(value)) this.fail('text with half a surrogate pair');
    this.#head(MAJOR.text, length);
    this.#output.text(value, length);
  }

  protected bytes(value: Uint8Array): void {
    this.#head(MAJOR.bytes, value.length);
    this.#output.bytes(value);
  }

  protected list(length: number, items: (before: () => void) => void): void {
    this.#head(MAJOR.list, length);
    items(() => undefined);
  }

  protected map(length: number, members: (before: (key: unknown) => void) => void): void {
    this.#head(MAJOR.map, length);
    members((key) => this.value(key));
  }

  /** Those that Python has a hash of, and that are read as what they are. */
  protected isKey(key: unknown): boolean {
    return typeof key !== 'object' || key === null;
  }

  protected typed(value: object): boolean {
    const kind = kindOf(value);
    if (isDate(value)) this.#tagged(TAG.datetime, this.#isoOf(value));
    else if (kind === 'date') this.#tagged(TAG.date, (value as PlainDate).iso);
    else if (kind === 'uuid') this.#tagged(TAG.uuid, Buffer.from((value as Uuid).hex, 'hex'));
    else if (kind === 'decimal') this.#decimal((value as Decimal).value);
    else if (kind === 'set' || value instanceof Set) {
      this.#head(MAJOR.tag, TAG.set);
      this.items([...(value as PythonSet | ReadonlySet<unknown>)]);
    } else return false;
    return true;
  }

  #tagged(tag: number, content: string | Uint8Array): void {
    this.#head(MAJOR.tag, tag);
    if (typeof content === 'string') this.text(content);
    else this.bytes(content);
  }

  #isoOf(date: Date | DateTime): string {
    if (isKind(date, 'datetime') && date.offsetSeconds === null) this.fail('a naive datetime, which cbor2 refuses too');
    try {
      return isoText(date);
    } catch {
      return this.fail('a date outside of the years 1 to 9999, or with seconds in its offset');
    }
  }

  #decimal(text: string): void {
    const parts = partsOf(text) ?? this.fail('a decimal that is no number');
    this.#head(MAJOR.tag, TAG.decimal);
    this.#head(MAJOR.list, 2);
    this.integer(parts.exponent);
    this.integer(parts.digits);
  }

  #head(major: number, argument: number | bigint): void {
    const first = major << 5;
    const number = Number(argument);
    if (number < 24) this.#output.u8(first | number);
    else if (number < 0x100) {
      this.#output.u8(first | 24);
      this.#output.u8(number);
    } else if (number < 0x1_0000) {
      this.#output.u8(first | 25);
      this.#output.u16(number);
    } else if (number < 0x1_0000_0000) {
      this.#output.u8(first | 26);
      this.#output.u32(number);
    } else {
      this.#output.u8(first | 27);
      this.#output.u64(BigInt(argument));
    }
  }
}
