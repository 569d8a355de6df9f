import { DateTime, Float } from '@rb/core';
import { beyond, type TreeLimits, unreadable } from '../tree-limits.js';
import { Entries, strictText } from '../tree-reader.js';

/**
 * One value and nothing after it.
 *
 * A declared length is believed only as far as there are bytes left for it, so that no memory is taken for what cannot come.
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: TreeLimits;
  #at = 0;
  #items = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, limits: TreeLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  read(): unknown {
    const { maxBytes } = this.#limits;
    if (this.#bytes.length > maxBytes) this.#fail(beyond(`it has ${this.#bytes.length} bytes`, 'maxBytes', maxBytes));
    const value = this.#value();
    if (this.#at < this.#bytes.length) this.#fail('something follows the value');
    return value;
  }

  #fail(reason: string): never {
    throw unreadable('msgpack', reason, this.#at);
  }

  #value(): unknown {
    this.#items += 1;
    if (this.#items > this.#limits.maxItems) this.#fail(beyond('too many values', 'maxItems', this.#limits.maxItems));
    const code = this.#u8();
    if (code < 0x80) return code;
    if (code < 0x90) return this.#map(code & 0x0f);
    if (code < 0xa0) return this.#list(code & 0x0f);
    if (code < 0xc0) return this.#text(code & 0x1f);
    if (code >= 0xe0) return code - 0x100;
    return this.#coded(code);
  }

  #coded(code: number): unknown {
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#uint(1 << (code - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#uint(1 << (code - 0xc7)));
      case 0xca:
        return this.#float(this.#view.getFloat32(this.#take(4)));
      case 0xcb:
        return this.#float(this.#view.getFloat64(this.#take(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (code - 0xcc));
      case 0xcf:
        return narrow(this.#view.getBigUint64(this.#take(8)));
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return narrow(this.#view.getBigInt64(this.#take(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (code - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (code - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#uint(2 << (code - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(2 << (code - 0xde)));
      default:
        return this.#fail('the byte c1 means nothing');
    }
  }

  #u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  /** Of one, two or four bytes. */
  #uint(size: number): number {
    if (size === 1) return this.#u8();
    return size === 2 ? this.#view.getUint16(this.#take(2)) : this.#view.getUint32(this.#take(4));
  }

  /** Where so many bytes are, which are then behind. */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) this.#fail('it is cut off');
    this.#at = start + length;
    return start;
  }

  #float(value: number): number | Float {
    const isWhole = Number.isSafeInteger(value) && !Object.is(value, -0);
    return this.#limits.exactFloats && isWhole ? new Float(value) : value;
  }

  #text(length: number): string {
    const start = this.#take(length);
    try {
      return strictText(this.#bytes, start, this.#at);
    } catch {
      return this.#fail('text is not UTF-8');
    }
  }

  /** A copy, which does not keep the whole document. */
  #binary(length: number): Uint8Array {
    const start = this.#take(length);
    return new Uint8Array(this.#bytes.subarray(start, this.#at));
  }

  #list(length: number): unknown[] {
    this.#enter(length);
    const items: unknown[] = [];
    for (let i = 0; i < length; i += 1) items.push(this.#value());
    this.#depth -= 1;
    return items;
  }

  #map(length: number): unknown {
    this.#enter(length * 2);
    const entries = new Entries();
    for (let i = 0; i < length; i += 1) {
      const key = this.#value();
      if (typeof key === 'object' && key !== null) this.#fail('a key is neither text nor a number');
      entries.set(key, this.#value());
    }
    this.#depth -= 1;
    return entries.value;
  }

  /** Each value takes a byte at least. */
  #enter(values: number): void {
    const { maxDepth } = this.#limits;
    if (values > this.#bytes.length - this.#at) this.#fail('it is cut off');
    this.#depth += 1;
    if (this.#depth > maxDepth) this.#fail(beyond('it is nested too deep', 'maxDepth', maxDepth));
  }

  /** The format's own timestamp; no other is known here, nor to kombu. */
  #extension(length: number): Date {
    const type = this.#view.getInt8(this.#take(1));
    const start = this.#take(length);
    const date = type === -1 ? timestamp(this.#view, start, length) : undefined;
    return date ?? this.#fail(`an extension of type ${type} and ${length} bytes is not known`);
  }
}

const narrow = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

/** Seconds and nanoseconds in 4, 8 or 12 bytes; undefined where it is no such, or no Date can hold it. */
function timestamp(view: DataView, at: number, length: number): Date | undefined {
  let seconds: number;
  let nanos = 0;
  if (length === 4) seconds = view.getUint32(at);
  else if (length === 8) {
    nanos = view.getUint32(at) >>> 2;
    seconds = (view.getUint32(at) & 3) * 2 ** 32 + view.getUint32(at + 4);
  } else if (length === 12) {
    nanos = view.getUint32(at);
    seconds = Number(view.getBigInt64(at + 4));
  } else return undefined;
  const epochMs = seconds * 1_000 + Math.floor(nanos / 1e6);
  if (nanos >= 1e9 || Number.isNaN(new Date(epochMs).getTime())) return undefined;
  const microseconds = Math.floor(nanos / 1_000) % 1_000;
  return microseconds === 0 ? new Date(epochMs) : new DateTime(epochMs, { microseconds, offsetSeconds: 0 });
}
