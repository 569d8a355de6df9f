import { OP } from './opcodes.js';
import { encodeSurrogates, hasLoneSurrogate } from './text.js';

const utf8 = new TextEncoder();

/** Most results fit; a large one is copied some fifteen times as it doubles. */
const INITIAL_BYTES = 8_192;

/**
 * The first buffer of the next Output: allocating one takes three times as long as writing a small pickle. Taken away while
 * in use, since a getter in the value may pickle something itself.
 */
let spare: DataView | undefined;

function takeSpare(): DataView {
  const view = spare ?? new DataView(new ArrayBuffer(INITIAL_BYTES));
  spare = undefined;
  return view;
}

/** Opcodes and their arguments, in one buffer that grows. */
export class Output {
  readonly #maxBytes: number;
  readonly #overflow: () => never;
  #view: DataView = takeSpare();
  #bytes: Uint8Array = new Uint8Array(this.#view.buffer);
  #length = 0;

  /** `overflow` throws: the pickle is longer than `maxBytes`. */
  constructor(maxBytes: number, overflow: () => never) {
    this.#maxBytes = maxBytes;
    this.#overflow = overflow;
  }

  /** Makes room, and returns where it begins. */
  #reserve(length: number): number {
    const start = this.#length;
    if (start + length > this.#bytes.length) this.#grow(start + length);
    return start;
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #advance(end: number): void {
    if (end > this.#maxBytes) this.#overflow();
    this.#length = end;
  }

  op(opcode: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = opcode;
    this.#advance(at + 1);
  }

  opU8(opcode: number, value: number): void {
    const at = this.#reserve(2);
    this.#bytes[at] = opcode;
    this.#bytes[at + 1] = value;
    this.#advance(at + 2);
  }

  opU16(opcode: number, value: number): void {
    const at = this.#reserve(3);
    this.#bytes[at] = opcode;
    this.#view.setUint16(at + 1, value, true);
    this.#advance(at + 3);
  }

  /** Signed values too: the bits are the same. */
  opU32(opcode: number, value: number): void {
    const at = this.#reserve(5);
    this.#bytes[at] = opcode;
    this.#view.setUint32(at + 1, value, true);
    this.#advance(at + 5);
  }

  /** A whole number beyond 32 bits, in the eight bytes that hold any that is safe. */
  long64(value: number): void {
    const at = this.#reserve(10);
    this.#bytes[at] = OP.LONG1;
    this.#bytes[at + 1] = 8;
    this.#view.setBigInt64(at + 2, BigInt(value), true);
    this.#advance(at + 10);
  }

  opF64(opcode: number, value: number): void {
    const at = this.#reserve(9);
    this.#bytes[at] = opcode;
    this.#view.setFloat64(at + 1, value, false);
    this.#advance(at + 9);
  }

  /** A length of one byte where it fits, else of four, and the bytes. */
  sized(short: number, long: number, bytes: Uint8Array): void {
    if (bytes.length < 256) this.opU8(short, bytes.length);
    else this.opU32(long, bytes.length);
    // Before room is made for them.
    if (this.#length + bytes.length > this.#maxBytes) this.#overflow();
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    this.#advance(at + bytes.length);
  }

  text(text: string): void {
    if (text.length < 256 && this.#ascii(text)) return;
    if (hasLoneSurrogate(text)) this.sized(OP.SHORT_BINUNICODE, OP.BINUNICODE, encodeSurrogates(text));
    else this.#utf8(text);
  }

  #utf8(text: string): void {
    if (this.#length + text.length > this.#maxBytes) this.#overflow();
    // A UTF-16 unit is three bytes of UTF-8 at most.
    const at = this.#reserve(5 + text.length * 3);
    const { written } = utf8.encodeInto(text, this.#bytes.subarray(at + 5));
    this.#bytes[at] = OP.BINUNICODE;
    this.#view.setUint32(at + 1, written, true);
    this.#advance(at + 5 + written);
  }

  /** Most texts are short ASCII, for which a loop beats the encoder. False, and nothing written, where it is not. */
  #ascii(text: string): boolean {
    const at = this.#reserve(2 + text.length);
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      bytes[at + 2 + i] = code;
    }
    bytes[at] = OP.SHORT_BINUNICODE;
    bytes[at + 1] = text.length;
    this.#advance(at + 2 + text.length);
    return true;
  }

  /** The pickle, as a copy. Nothing may be written afterwards. */
  finish(): Uint8Array {
    if (this.#bytes.length === INITIAL_BYTES) spare = this.#view;
    return this.#bytes.slice(0, this.#length);
  }
}
