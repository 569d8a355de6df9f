import { DateTime } from '@rb/core';
import { ByteReader, narrow } from '../byte-reader.js';
import type { TreeLimits } from '../tree-limits.js';
import { Entries } from '../tree-reader.js';

/** Source: https://github.com/msgpack/msgpack/blob/master/spec.md */
export class MsgpackReader extends ByteReader {
  constructor(bytes: Uint8Array, limits: TreeLimits) {
    super('msgpack', bytes, limits);
  }

  protected value(): unknown {
    this.item();
    const code = this.u8();
    if (code < 0x80) return code;
    if (code < 0x90) return this.#map(code & 0x0f);
    if (code < 0xa0) return this.#list(code & 0x0f);
    if (code < 0xc0) return this.text(code & 0x1f);
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
        return this.binary(this.uint(1 << (code - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.uint(1 << (code - 0xc7)));
      case 0xca:
        return this.float(this.view.getFloat32(this.take(4)));
      case 0xcb:
        return this.float(this.view.getFloat64(this.take(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.uint(1 << (code - 0xcc));
      case 0xcf:
        return this.uint64();
      case 0xd0:
        return this.view.getInt8(this.take(1));
      case 0xd1:
        return this.view.getInt16(this.take(2));
      case 0xd2:
        return this.view.getInt32(this.take(4));
      case 0xd3:
        return narrow(this.view.getBigInt64(this.take(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (code - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.uint(1 << (code - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.uint(2 << (code - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.#map(this.uint(2 << (code - 0xde)));
      default:
        return this.fail('the byte c1 means nothing');
    }
  }

  #list(length: number): unknown[] {
    this.enter(length);
    const items: unknown[] = [];
    for (let i = 0; i < length; i += 1) items.push(this.value());
    this.leave();
    return items;
  }

  #map(length: number): unknown {
    this.enter(length * 2);
    const entries = new Entries();
    for (let i = 0; i < length; i += 1) {
      const key = this.value();
      if (typeof key === 'object' && key !== null) this.fail('a key is neither text nor a number');
      entries.set(key, this.value());
    }
    this.leave();
    return entries.value;
  }

  /** The format's own timestamp; no other is known here, nor to kombu. */
  #extension(length: number): Date {
    const type = this.view.getInt8(this.take(1));
    const start = this.take(length);
    const date = type === -1 ? timestamp(this.view, start, length) : undefined;
    return date ?? this.fail(`an extension of type ${type} and ${length} bytes is not known`);
  }
}

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
