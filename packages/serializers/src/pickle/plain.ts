import type { Limits } from './limits.js';
import { OP } from './opcodes.js';
import { decodeText } from './text.js';

/** Lies on the stack where MARK was met; no value is a symbol. */
const MARK = Symbol('mark');

/**
 * Reads a small plain value (lists and dicts of text, numbers, booleans and None), as most results are, in one pass and
 * two thirds of the time. undefined where the pickle holds anything else or is wrong in any way: the machine then reads it, or
 * says what is wrong.
 *
 * A pickle with no more bytes than a limit has items or levels cannot pass it: here no opcode makes more than one of
 * either, and nothing is shared.
 */
export function readPlain(bytes: Uint8Array, { maxItems, maxDepth, exactFloats }: Limits): unknown {
  if (bytes.length > maxItems || bytes.length > maxDepth || exactFloats) return undefined;
  try {
    return new PlainReader(bytes).read();
  } catch {
    // A text is not UTF-8.
    return undefined;
  }
}

class PlainReader {
  readonly #bytes: Uint8Array;
  readonly #stack: unknown[] = [];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(): unknown {
    for (;;) {
      const opcode = this.#u8();
      if (opcode === OP.STOP) break;
      if (!this.#run(opcode)) return undefined;
    }
    return this.#stack.length === 1 && this.#top() !== MARK ? this.#top() : undefined;
  }

  #run(opcode: number): boolean {
    switch (opcode) {
      case OP.SHORT_BINUNICODE:
        return this.#text(this.#u8());
      case OP.BINUNICODE:
        return this.#text(this.#i32() >>> 0);
      case OP.MEMOIZE:
        return this.#stack.length > 0 && this.#top() !== MARK;
      case OP.BININT1:
        return this.#push(this.#u8());
      case OP.BININT2:
        return this.#push(this.#u8() | (this.#u8() << 8));
      case OP.BININT:
        return this.#push(this.#i32());
      case OP.BINFLOAT:
        return this.#float();
      case OP.NONE:
        return this.#push(null);
      case OP.NEWTRUE:
        return this.#push(true);
      case OP.NEWFALSE:
        return this.#push(false);
      case OP.MARK:
        return this.#push(MARK);
      case OP.EMPTY_LIST:
        return this.#push([]);
      case OP.EMPTY_DICT:
        return this.#push({});
      case OP.APPEND:
        return this.#append(this.#stack.length - 2, 1);
      case OP.APPENDS:
        return this.#append(this.#stack.lastIndexOf(MARK) - 1, 2);
      case OP.SETITEM:
        return this.#setItems(this.#stack.length - 3, 1);
      case OP.SETITEMS:
        return this.#setItems(this.#stack.lastIndexOf(MARK) - 1, 2);
      case OP.PROTO:
        return this.#u8() <= HIGHEST_PROTOCOL;
      case OP.FRAME:
        return this.#frame();
      default:
        return false;
    }
  }

  #top(): unknown {
    return this.#stack[this.#stack.length - 1];
  }

  #push(value: unknown): true {
    this.#stack.push(value);
    return true;
  }

  /** Beyond the end 0, which is no opcode: so what is cut off within an argument comes to nothing. */
  #u8(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  #i32(): number {
    return this.#u8() | (this.#u8() << 8) | (this.#u8() << 16) | (this.#u8() << 24);
  }

  #text(length: number): boolean {
    const start = this.#at;
    this.#at = start + length;
    return this.#at <= this.#bytes.length && this.#push(decodeText(this.#bytes, start, this.#at));
  }

  #float(): boolean {
    for (let i = 0; i < 8; i++) scratch.setUint8(i, this.#u8());
    return this.#push(scratch.getFloat64(0));
  }

  /** Its length must still be there. */
  #frame(): boolean {
    let length = 0;
    for (let unit = 1; unit <= 2 ** 56; unit *= 256) length += this.#u8() * unit;
    return this.#at + length <= this.#bytes.length;
  }

  /** To the list at `owner`, what comes `skip` places later. */
  #append(owner: number, skip: number): boolean {
    const stack = this.#stack;
    const list = stack[owner];
    if (!Array.isArray(list)) return false;
    for (let i = owner + skip; i < stack.length; i++) {
      if (stack[i] === MARK) return false;
      list.push(stack[i]);
    }
    stack.length = owner + 1;
    return true;
  }

  /** To the dict at `owner`, the keys and values that come `skip` places later. Text keys alone make a plain object. */
  #setItems(owner: number, skip: number): boolean {
    const stack = this.#stack;
    const dict = stack[owner];
    if (typeof dict !== 'object' || dict === null || Array.isArray(dict)) return false;
    if ((stack.length - owner - skip) % 2 !== 0) return false;
    for (let i = owner + skip; i < stack.length; i += 2) {
      const [key, value] = [stack[i], stack[i + 1]];
      if (typeof key !== 'string' || key === '__proto__' || value === MARK) return false;
      (dict as Record<string, unknown>)[key] = value;
    }
    stack.length = owner + 1;
    return true;
  }
}

const HIGHEST_PROTOCOL = 5;

const scratch = new DataView(new ArrayBuffer(8));
