import { DateTime, Decimal, PlainDate, PythonSet, Uuid } from '@rb/core';
import { ByteReader, narrow } from '../byte-reader.js';
import type { TreeLimits } from '../tree-limits.js';
import { Entries } from '../tree-reader.js';
import { decimalText } from './decimal.js';
import { MAJOR, TAG } from './format.js';

/** Ends what has no length. */
const BREAK = 0xff;

/** Longer ones would take time by the square of their length; some 157,000 digits. */
const MAX_INTEGER_BYTES = 65_536;

/** Well-formed CBOR with the tags of `TAG` and no others: none that shares values, and none that names a class. Source: RFC 8949. */
export class CborReader extends ByteReader {
  constructor(bytes: Uint8Array, limits: TreeLimits) {
    super('cbor', bytes, limits);
  }

  protected value(): unknown {
    return this.#after(this.u8());
  }

  /** The value whose first byte has been read. */
  #after(first: number): unknown {
    this.item();
    const info = first & 0x1f;
    switch (first >> 5) {
      case MAJOR.unsigned:
        return this.#argument(info);
      case MAJOR.negative:
        return narrow(-1n - BigInt(this.#argument(info)));
      case MAJOR.bytes:
        return info === 31
          ? Uint8Array.from(Buffer.concat(this.#pieces(MAJOR.bytes)))
          : this.binary(this.#length(info));
      case MAJOR.text:
        return info === 31 ? this.#longText() : this.text(this.#length(info));
      case MAJOR.list:
        return this.#list(info);
      case MAJOR.map:
        return this.#map(info);
      case MAJOR.tag:
        return this.#tagged(Number(this.#argument(info)));
      default:
        return this.#simple(info);
    }
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info;
    if (info < 27) return this.uint(1 << (info - 24));
    return info === 27 ? this.uint64() : this.fail('a length is of no known form');
  }

  /** More than there are bytes is found out where they are taken. */
  #length(info: number): number {
    return Number(this.#argument(info));
  }

  /** Of text or bytes whose length was not known: each piece has one. */
  #pieces(major: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let first = this.u8(); first !== BREAK; first = this.u8()) {
      if (first >> 5 !== major || (first & 0x1f) === 31) this.fail('a piece is of another kind');
      this.item();
      pieces.push(this.binary(this.#length(first & 0x1f)));
    }
    return pieces;
  }

  #longText(): string {
    try {
      return utf8.decode(Buffer.concat(this.#pieces(MAJOR.text)));
    } catch {
      return this.fail('text is cut off, or not UTF-8');
    }
  }

  #list(info: number): unknown[] {
    const items: unknown[] = [];
    if (info === 31) {
      this.enter(0);
      for (let first = this.u8(); first !== BREAK; first = this.u8()) items.push(this.#after(first));
    } else {
      const length = this.#length(info);
      this.enter(length);
      for (let i = 0; i < length; i += 1) items.push(this.value());
    }
    this.leave();
    return items;
  }

  #map(info: number): unknown {
    const entries = new Entries();
    if (info === 31) {
      this.enter(0);
      for (let first = this.u8(); first !== BREAK; first = this.u8()) this.#member(entries, this.#after(first));
    } else {
      const length = this.#length(info);
      this.enter(length * 2);
      for (let i = 0; i < length; i += 1) this.#member(entries, this.value());
    }
    this.leave();
    return entries.value;
  }

  #member(entries: Entries, key: unknown): void {
    if (typeof key === 'object' && key !== null) this.fail('a key is neither text nor a number');
    entries.set(key, this.value());
  }

  #tagged(tag: number): unknown {
    this.enter(1);
    const content = this.value();
    this.leave();
    try {
      return typedValue(tag, content) ?? this.fail(`the tag ${tag} is not known, or its content of another kind`);
    } catch {
      return this.fail(`the tag ${tag} is not known, or its content of another kind`);
    }
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
      case 23:
        // Python has one of null and undefined.
        return null;
      case 25:
        return this.float(half(this.uint(2)));
      case 26:
        return this.float(this.view.getFloat32(this.take(4)));
      case 27:
        return this.float(this.view.getFloat64(this.take(8)));
      default:
        return this.fail('a simple value is not known');
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** undefined, or whatever is thrown, where it is none. */
function typedValue(tag: number, content: unknown): unknown {
  switch (tag) {
    case TAG.datetime:
      return typeof content === 'string' ? DateTime.fromIso(content.toUpperCase()) : undefined;
    case TAG.timestamp:
      return dateOf(Number(content));
    case TAG.bignum:
      return bignum(content);
    case TAG.negativeBignum:
      return narrow(-1n - BigInt(bignum(content)));
    case TAG.decimal:
      return decimal(content);
    case TAG.uuid:
      return new Uuid(Buffer.from(content as Uint8Array).toString('hex'));
    case TAG.set:
      return Array.isArray(content) ? new PythonSet(content) : undefined;
    case TAG.date:
      return new PlainDate(content as string);
    case TAG.cbor:
      return content;
    default:
      return undefined;
  }
}

function dateOf(seconds: number): Date | undefined {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function bignum(content: unknown): number | bigint {
  const bytes = content as Uint8Array;
  if (!(bytes instanceof Uint8Array) || bytes.length > MAX_INTEGER_BYTES) throw new TypeError('expected some bytes');
  return narrow(BigInt(`0x0${Buffer.from(bytes).toString('hex')}`));
}

function decimal(content: unknown): Decimal | undefined {
  const [exponent, digits] = content as readonly unknown[];
  if (typeof exponent !== 'number' || !(typeof digits === 'number' || typeof digits === 'bigint')) return undefined;
  return new Decimal(decimalText(BigInt(digits), exponent));
}

/** A float of two bytes. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1_024) * 2 ** (exponent - 15);
}
