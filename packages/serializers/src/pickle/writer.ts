import { ResultError } from '@rb/core';
import { toTwosComplement } from './integers.js';
import { type Limits, tooMany } from './limits.js';
import { OP } from './opcodes.js';
import { Output } from './output.js';
import { writePythonValue } from './python-values.js';
import { isHashable, isPlain, pathStep, typeName } from './types.js';

/** The minimal form that every Celery reads: protocol 4 without frames and memo. */
const PROTOCOL = 4;

/** Errors: RB_ENCODE naming where the value stands and its type, never the value. Nothing is mutated. */
export function write(value: unknown, limits: Limits): Uint8Array {
  const writer = new Writer(limits);
  writer.output.opU8(OP.PROTO, PROTOCOL);
  writer.value(value);
  writer.output.op(OP.STOP);
  return writer.output.finish();
}

export class Writer {
  readonly limits: Limits;
  readonly output: Output;
  /** The containers around the current value, and the key or index of each that leads to it. */
  readonly #ancestors: object[] = [];
  readonly #keys: unknown[] = [];
  /** Within a key or a member of a set: without a hash, Python could not even read it. */
  #hashing = false;
  #items = 0;

  constructor(limits: Limits) {
    this.limits = limits;
    this.output = new Output(limits.maxBytes, () => this.#tooMuch('it is too long', 'maxBytes'));
  }

  fail(reason: string): never {
    const path = this.#keys.slice(0, this.#ancestors.length).map(pathStep).join('');
    throw new ResultError('RB_ENCODE', `cannot pickle $${path}: ${reason}`);
  }

  value(value: unknown): void {
    this.#items++;
    if (this.#items > this.limits.maxItems) this.#tooMuch('too many values', 'maxItems');
    if (typeof value === 'string') this.output.text(value);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'boolean') this.output.op(value ? OP.NEWTRUE : OP.NEWFALSE);
    else if (typeof value === 'bigint') this.#bigint(value);
    else if (value === null) this.output.op(OP.NONE);
    else if (typeof value === 'object') this.#object(value);
    else this.fail(`${typeof value} has no counterpart in Python`);
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.float(value);
    else if (value >= 0 && value < 0x100) this.output.opU8(OP.BININT1, value);
    else if (value >= 0 && value < 0x1_0000) this.output.opU16(OP.BININT2, value);
    else if (value === (value | 0)) this.output.opU32(OP.BININT, value);
    else this.output.long64(value);
  }

  float(value: number): void {
    this.output.opF64(OP.BINFLOAT, value);
  }

  #bigint(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) this.#number(number);
    else this.#long(toTwosComplement(value));
  }

  #long(bytes: Uint8Array): void {
    if (bytes.length > this.limits.maxIntegerBytes) this.#tooMuch('an integer is too long', 'maxIntegerBytes');
    this.output.sized(OP.LONG1, OP.LONG4, bytes);
  }

  #object(value: object): void {
    if (value instanceof Uint8Array) this.output.sized(OP.SHORT_BINBYTES, OP.BINBYTES, value);
    else this.#container(value);
  }

  #container(value: object): void {
    if (this.#ancestors.includes(value)) this.fail(`${typeName(value)} contains itself`);
    if (this.#ancestors.length >= this.limits.maxDepth) this.#tooMuch('it is nested too deep', 'maxDepth');
    if (this.#hashing && !isHashable(value)) this.fail(`${typeName(value)} is no key or member of a set in Python`);
    this.#ancestors.push(value);
    if (Array.isArray(value)) this.list(value);
    else if (isPlain(value)) this.#record(value);
    else if (value instanceof Map) this.dict(value);
    else if (value instanceof Set) this.set([...value], false);
    else if (!writePythonValue(this, value)) {
      this.#ancestors.pop();
      this.fail(`${typeName(value)} has no counterpart in Python`);
    }
    this.#ancestors.pop();
  }

  /** A part of the current container. */
  part(key: unknown, value: unknown): void {
    this.#keys[this.#ancestors.length - 1] = key;
    this.value(value);
  }

  parts(items: readonly unknown[]): void {
    // Not forEach, which would skip the holes of a sparse array.
    for (let i = 0; i < items.length; i++) this.part(i, items[i]);
  }

  list(items: readonly unknown[]): void {
    this.output.op(OP.EMPTY_LIST);
    this.items(items);
  }

  items(items: readonly unknown[]): void {
    this.output.op(OP.MARK);
    this.parts(items);
    this.output.op(OP.APPENDS);
  }

  dict(entries: Iterable<readonly [unknown, unknown]>): void {
    this.output.op(OP.EMPTY_DICT);
    this.entries(entries);
  }

  /** A dict whose keys are text, as nearly all are. */
  #record(record: Readonly<Record<string, unknown>>): void {
    this.output.op(OP.EMPTY_DICT);
    this.output.op(OP.MARK);
    for (const key of Object.keys(record)) {
      this.value(key);
      this.part(key, record[key]);
    }
    this.output.op(OP.SETITEMS);
  }

  entries(entries: Iterable<readonly [unknown, unknown]>): void {
    this.output.op(OP.MARK);
    for (const [key, value] of entries) {
      this.#hashed(key, key);
      this.part(key, value);
    }
    this.output.op(OP.SETITEMS);
  }

  set(items: readonly unknown[], frozen: boolean): void {
    if (!frozen) this.output.op(OP.EMPTY_SET);
    this.output.op(OP.MARK);
    for (const [index, item] of items.entries()) this.#hashed(index, item);
    this.output.op(frozen ? OP.FROZENSET : OP.ADDITEMS);
  }

  #hashed(key: unknown, value: unknown): void {
    const outer = this.#hashing;
    this.#hashing = true;
    this.part(key, value);
    this.#hashing = outer;
  }

  tuple(items: readonly unknown[]): void {
    const { length } = items;
    if (length > 3) this.output.op(OP.MARK);
    this.parts(items);
    this.output.op([OP.EMPTY_TUPLE, OP.TUPLE1, OP.TUPLE2, OP.TUPLE3][length] ?? OP.TUPLE);
  }

  global(module: string, name: string): void {
    this.output.text(module);
    this.output.text(name);
    this.output.op(OP.STACK_GLOBAL);
  }

  /** `module.name(*args)` */
  call(module: string, name: string, args: readonly unknown[]): void {
    this.global(module, name);
    this.tuple(args);
    this.output.op(OP.REDUCE);
  }

  #tooMuch(what: string, limit: 'maxBytes' | 'maxItems' | 'maxDepth' | 'maxIntegerBytes'): never {
    return this.fail(tooMany(what, limit, this.limits[limit]));
  }
}
