import {
  type Float,
  isResultError,
  kindOf,
  type RemoteError,
  ResultError,
  type ResultNode,
  type Tuple,
} from '@rb/core';
import { isPlain, pathStep, typeName } from './pickle/types.js';
import { beyond, type TreeLimits } from './tree-limits.js';

/**
 * Walks a value for formats that are trees of lists and maps with text as keys. What all of them share is here: depth, cycles,
 * where in the value an error is, and how core's values look without types: a Tuple is a list, a RemoteError Celery's
 * `exc_*` object, a ResultNode its tuple; properties that are undefined are left out.
 *
 * Errors: RB_ENCODE naming path and type, never a value. Nothing is mutated.
 */
export abstract class TreeWriter {
  readonly #format: string;
  protected readonly limits: TreeLimits;
  /** The containers around the current value, and the key or index of each that leads to it. */
  readonly #ancestors: object[] = [];
  readonly #keys: unknown[] = [];
  #items = 0;

  constructor(format: string, limits: TreeLimits) {
    this.#format = format;
    this.limits = limits;
  }

  protected abstract null(): void;
  protected abstract boolean(value: boolean): void;
  /** A number that is safe, or any bigint. */
  protected abstract integer(value: number | bigint): void;
  protected abstract float(value: number): void;
  protected abstract text(value: string): void;
  protected abstract bytes(value: Uint8Array): void;
  /** Calls `items` between whatever opens and closes a list. */
  protected abstract list(length: number, items: (before: () => void) => void): void;
  protected abstract map(length: number, members: (before: (key: unknown) => void) => void): void;
  /** Whether a map may have it as a key. */
  protected abstract isKey(key: unknown): boolean;
  /** Dates, decimals, sets ...: whether the format has a form of its own for it, which is then written. */
  protected abstract typed(value: object): boolean;

  /** The whole of it; whatever is thrown becomes an RB_ENCODE. */
  protected root(value: unknown): void {
    try {
      this.value(value);
    } catch (error) {
      if (isResultError(error)) throw error;
      // Never the error itself: a getter or toJSON of the caller's may quote the value in it.
      const name = error instanceof Error ? error.name : `a ${typeof error}`;
      throw new ResultError('RB_ENCODE', `${this.#format}: a getter or toJSON of the value threw ${name}`);
    }
  }

  protected fail(reason: string): never {
    const path = this.#keys.slice(0, this.#ancestors.length).map(pathStep).join('');
    throw new ResultError('RB_ENCODE', `${this.#format} cannot carry $${path}: ${reason}`);
  }

  protected tooMuch(what: string, limit: keyof TreeLimits): never {
    return this.fail(beyond(what, limit, this.limits[limit]));
  }

  protected value(value: unknown): void {
    this.#count();
    if (typeof value === 'string') this.text(value);
    else if (typeof value === 'number') this.#number(value);
    else if (value === null) this.null();
    else if (typeof value === 'boolean') this.boolean(value);
    else if (typeof value === 'bigint') this.integer(value);
    else if (typeof value === 'object') this.#object(value);
    else this.fail(`${typeof value} has no form there`);
  }

  #count(): void {
    this.#items += 1;
    if (this.#items > this.limits.maxItems) this.tooMuch('too many values', 'maxItems');
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.integer(value);
    else this.float(value);
  }

  #object(value: object): void {
    if (this.#ancestors.includes(value)) this.fail(`${typeName(value)} contains itself`);
    if (this.#ancestors.length >= this.limits.maxDepth) this.tooMuch('it is nested too deep', 'maxDepth');
    this.#ancestors.push(value);
    if (Array.isArray(value)) this.items(value);
    else if (isBytes(value)) this.bytes(value);
    else if (isMap(value)) this.#members(this.#keyed(value));
    else if (!this.typed(value) && !this.#untyped(value)) this.#instance(value);
    this.#ancestors.pop();
  }

  /** Core's values that need no type: whether it is one. */
  #untyped(value: object): boolean {
    switch (kindOf(value)) {
      case 'float':
        this.float((value as Float).value);
        return true;
      case 'tuple':
        this.items((value as Tuple).items);
        return true;
      case 'error':
        this.#members(exceptionOf(value as RemoteError));
        return true;
      case 'node':
        this.items((value as ResultNode).toTuple());
        return true;
      default:
        return false;
    }
  }

  #instance(value: object): void {
    const { toJSON } = value as { readonly toJSON?: unknown };
    const hasForm = kindOf(value) === undefined && !isDate(value);
    if (hasForm && typeof toJSON === 'function') {
      this.value(toJSON.call(value, String(this.#keys[this.#ancestors.length - 2] ?? '')));
    } else if (hasForm && isPlain(value)) this.#members(Object.entries(value));
    else this.fail(`${typeName(value)} has no form there`);
  }

  protected items(items: readonly unknown[]): void {
    // As it is announced: a toJSON inside may change it.
    const { length } = items;
    this.list(length, (before) => {
      // Not forEach, which would skip the holes of a sparse array.
      for (let i = 0; i < length; i += 1) {
        before();
        this.part(i, items[i]);
      }
    });
  }

  #members(all: readonly (readonly [unknown, unknown])[]): void {
    const entries = all.some(([, value]) => value === undefined) ? all.filter(([, value]) => value !== undefined) : all;
    this.map(entries.length, (before) => {
      for (let i = 0; i < entries.length; i += 1) {
        const [key, value] = entries[i] as readonly [unknown, unknown];
        this.#count();
        this.#keys[this.#ancestors.length - 1] = key;
        before(key);
        this.part(key, value);
      }
    });
  }

  /** A part of the current container. */
  protected part(key: unknown, value: unknown): void {
    this.#keys[this.#ancestors.length - 1] = key;
    this.value(value);
  }

  #keyed(map: ReadonlyMap<unknown, unknown>): readonly (readonly [unknown, unknown])[] {
    for (const key of map.keys()) {
      if (!this.isKey(key)) this.fail(`a Map key of type ${typeof key}, which Python would not read`);
    }
    return [...map];
  }
}

const exceptionOf = ({ type, args, module }: RemoteError): readonly (readonly [string, unknown])[] => [
  ['exc_type', type],
  ['exc_message', args],
  ['exc_module', module],
];

// By tag, since `instanceof` fails for objects of another realm.
const tagOf = (value: object): string => Object.prototype.toString.call(value);
const isBytes = (value: object): value is Uint8Array =>
  value instanceof Uint8Array || tagOf(value) === '[object Uint8Array]';
const isMap = (value: object): value is ReadonlyMap<unknown, unknown> => tagOf(value) === '[object Map]';
export const isDate = (value: object): value is Date => tagOf(value) === '[object Date]';
