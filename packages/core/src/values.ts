import type { DateTime, PlainDate, PlainTime, TimeDelta } from './datetime.js';
import type { RemoteError } from './remote-error.js';
import type { ResultNode } from './result-node.js';

/**
 * Python's value types that JavaScript lacks, as small immutable classes, so that a value read and written again
 * means the same to Python. Serializers tell them apart by `kindOf`, which also works across duplicate installs.
 */
const KIND = Symbol.for('@rb/core.value');

export type ValueKind = keyof Kinds;

/** Which value class an object is of; undefined for anything else. */
export const kindOf = (value: object): ValueKind | undefined => (value as { readonly [KIND]?: ValueKind })[KIND];

interface Kinds {
  readonly datetime: DateTime;
  readonly date: PlainDate;
  readonly time: PlainTime;
  readonly timedelta: TimeDelta;
  readonly decimal: Decimal;
  readonly uuid: Uuid;
  readonly tuple: Tuple;
  readonly set: PythonSet;
  readonly complex: Complex;
  readonly float: Float;
  readonly opaque: Opaque;
  readonly error: RemoteError;
  readonly node: ResultNode;
}

/** Whether anything at all is a value of that class. */
export const isKind = <Kind extends ValueKind>(value: unknown, kind: Kind): value is Kinds[Kind] =>
  typeof value === 'object' && value !== null && kindOf(value) === kind;

/** Marks the prototype, not the instances: a value stays as small as its fields. */
export function markKind(prototype: object, kind: ValueKind): void {
  Object.defineProperty(prototype, KIND, { value: kind });
}

/** Python's `decimal.Decimal`: exact text, such as `9.99`, `1E+3` or `NaN`. */
export class Decimal {
  readonly value: string;

  constructor(value: string) {
    if (!DECIMAL.test(value)) throw new TypeError(`expected a decimal number as text, got ${JSON.stringify(value)}`);
    this.value = value;
    Object.freeze(this);
  }

  toString(): string {
    return this.value;
  }

  toJSON(): string {
    return this.value;
  }
}

const DECIMAL = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|s?nan\d*)$/i;

/** Python's `uuid.UUID`. */
export class Uuid {
  /** 32 lower-case hexadecimal digits. */
  readonly hex: string;

  /** @param text 32 hexadecimal digits, with or without dashes. */
  constructor(text: string) {
    const hex = text.replaceAll('-', '').toLowerCase();
    if (!/^[0-9a-f]{32}$/.test(hex)) throw new TypeError(`expected a UUID, got ${JSON.stringify(text)}`);
    this.hex = hex;
    Object.freeze(this);
  }

  toString(): string {
    return this.hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Python's `tuple`. JSON turns it into an array; pickle keeps it. */
export class Tuple {
  readonly items: readonly unknown[];

  constructor(items: Iterable<unknown>) {
    this.items = Object.freeze([...items]);
    Object.freeze(this);
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.items[Symbol.iterator]();
  }

  toJSON(): readonly unknown[] {
    return this.items;
  }
}

/** Python's `set` and `frozenset`. Not a JavaScript Set: members compare by value in Python, by identity here. */
export class PythonSet {
  readonly items: readonly unknown[];
  readonly frozen: boolean;

  constructor(items: Iterable<unknown>, frozen = false) {
    this.items = Object.freeze([...items]);
    this.frozen = frozen;
    Object.freeze(this);
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.items[Symbol.iterator]();
  }

  toJSON(): readonly unknown[] {
    return this.items;
  }
}

/** Python's `complex`. */
export class Complex {
  readonly real: number;
  readonly imag: number;

  constructor(real: number, imag: number) {
    this.real = real;
    this.imag = imag;
    Object.freeze(this);
  }
}

/**
 * A Python float whose value is a whole number: `new Float(1)` is stored as `1.0`, where plain `1` is stored as an int.
 * Read only on request (`exactFloats`), since the two are equal in Python too.
 */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
    Object.freeze(this);
  }

  valueOf(): number {
    return this.value;
  }

  toJSON(): number {
    return this.value;
  }
}

export interface OpaqueOptions {
  /**
   * How Python makes it: 'call' is `module.name(*args)`, 'new' is `module.name.__new__(module.name, *args, **kwargs)`,
   * 'name' is the class or function itself, without arguments. @default 'call'
   */
  readonly form?: 'call' | 'new' | 'name';
  /** Keyword arguments of `__new__`. @default null */
  readonly kwargs?: unknown;
  /** Members of an object that is a list too. @default [] */
  readonly items?: readonly unknown[];
  /** Keys and values of an object that is a dict too. @default [] */
  readonly entries?: readonly (readonly [unknown, unknown])[];
}

/**
 * A Python object that is none of the known types, kept as inert data: nothing was called, imported or looked up.
 *
 * Shape: made as `form` says, then `state` as its `__setstate__` or `__dict__` (undefined where there was none).
 */
export class Opaque {
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly state: unknown;
  readonly form: 'call' | 'new' | 'name';
  readonly kwargs: unknown;
  readonly items: readonly unknown[];
  readonly entries: readonly (readonly [unknown, unknown])[];

  constructor(module: string, name: string, args: readonly unknown[], state?: unknown, options: OpaqueOptions = {}) {
    this.module = module;
    this.name = name;
    this.args = args;
    this.state = state;
    this.form = options.form ?? 'call';
    this.kwargs = options.kwargs ?? null;
    this.items = options.items ?? [];
    this.entries = options.entries ?? [];
    Object.freeze(this);
  }
}

markKind(Decimal.prototype, 'decimal');
markKind(Uuid.prototype, 'uuid');
markKind(Tuple.prototype, 'tuple');
markKind(PythonSet.prototype, 'set');
markKind(Complex.prototype, 'complex');
markKind(Float.prototype, 'float');
markKind(Opaque.prototype, 'opaque');
