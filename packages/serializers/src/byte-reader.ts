import { Float } from '@rb/core';
import { beyond, type TreeLimits, unreadable } from './tree-limits.js';
import { strictText } from './tree-reader.js';

/**
 * Reads binary formats that are trees: one value and nothing after it, within the limits.
 *
 * A declared length is believed only as far as there are bytes left for it, so that no memory is taken for what cannot come.
 */
export abstract class ByteReader {
  readonly #format: string;
  readonly #bytes: Uint8Array;
  protected readonly view: DataView;
  readonly #limits: TreeLimits;
  #at = 0;
  #items = 0;
  #depth = 0;

  constructor(format: string, bytes: Uint8Array, limits: TreeLimits) {
    this.#format = format;
    this.#bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  /** Of any kind; calls `item` first. */
  protected abstract value(): unknown;

  read(): unknown {
    const { maxBytes } = this.#limits;
    if (this.#bytes.length > maxBytes) this.fail(beyond(`it has ${this.#bytes.length} bytes`, 'maxBytes', maxBytes));
    const value = this.value();
    if (this.#at < this.#bytes.length) this.fail('something follows the value');
    return value;
  }

  protected fail(reason: string): never {
    throw unreadable(this.#format, reason, this.#at);
  }

  /** One more value. */
  protected item(): void {
    this.#items += 1;
    if (this.#items > this.#limits.maxItems) this.fail(beyond('too many values', 'maxItems', this.#limits.maxItems));
  }

  /** Where so many bytes are, which are then behind. */
  protected take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) this.fail('it is cut off');
    this.#at = start + length;
    return start;
  }

  protected u8(): number {
    return this.#bytes[this.take(1)] as number;
  }

  /** Of one, two or four bytes. */
  protected uint(size: number): number {
    if (size === 1) return this.u8();
    return size === 2 ? this.view.getUint16(this.take(2)) : this.view.getUint32(this.take(4));
  }

  protected uint64(): number | bigint {
    return narrow(this.view.getBigUint64(this.take(8)));
  }

  protected float(value: number): number | Float {
    const isWhole = Number.isSafeInteger(value) && !Object.is(value, -0);
    return this.#limits.exactFloats && isWhole ? new Float(value) : value;
  }

  protected text(length: number): string {
    const start = this.take(length);
    try {
      return strictText(this.#bytes, start, this.#at);
    } catch {
      return this.fail('text is not UTF-8');
    }
  }

  /** A copy, which does not keep the whole document. */
  protected binary(length: number): Uint8Array {
    const start = this.take(length);
    return new Uint8Array(this.#bytes.subarray(start, this.#at));
  }

  /** Into a container of so many values, each of which takes a byte at least. */
  protected enter(values: number): void {
    const { maxDepth } = this.#limits;
    if (values > this.#bytes.length - this.#at) this.fail('it is cut off');
    this.#depth += 1;
    if (this.#depth > maxDepth) this.fail(beyond('it is nested too deep', 'maxDepth', maxDepth));
  }

  protected leave(): void {
    this.#depth -= 1;
  }
}

export const narrow = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
