import { ResultError } from './errors.js';
import type { JsonCodec } from './json-codec.js';
import { MAX_DIGITS } from './json-parse.js';
import { isPlain } from './json-plain.js';
import { toTyped } from './json-types.js';
import type { RemoteError } from './remote-error.js';
import type { ResultNode } from './result-node.js';
import { type Float, kindOf, type Tuple } from './values.js';

export interface StringifyOptions {
  readonly maxDepth: number;
  readonly typed: 'kombu-5.3' | 'plain';
  readonly markers: readonly string[];
  readonly codecs: readonly JsonCodec[];
}

/**
 * Writes JSON as Python's json module and kombu do, where JSON.stringify would lose or refuse something.
 *
 * Errors: RB_ENCODE with the path and the type of what cannot be carried; never with a value.
 */
export function stringifyExact(root: unknown, { maxDepth, typed, markers, codecs }: StringifyOptions): string {
  const path: (string | number)[] = [];
  /** The containers around the current value. */
  const open = new Set<object>();

  const fail = (what: string): never => {
    throw new ResultError('RB_ENCODE', `json cannot carry ${what} (at ${pathText(path)})`);
  };

  /** undefined stands for nothing to write. */
  const write = (value: unknown): string | undefined => {
    switch (typeof value) {
      case 'string':
        return quote(value);
      case 'boolean':
        return String(value);
      case 'number':
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : floatText(value);
      case 'bigint':
        return writeInteger(value);
      case 'undefined':
        return undefined;
      case 'object':
        return value === null ? 'null' : writeObject(value);
      default:
        return fail(`a ${typeof value}`);
    }
  };

  const writeInteger = (value: bigint): string => {
    const digits = String(value);
    return digits.length > MAX_DIGITS ? fail(`an integer of more than ${MAX_DIGITS} digits`) : digits;
  };

  const writeObject = (object: object): string | undefined => {
    if (kindOf(object) === 'float') return floatText((object as Float).value);
    if (open.has(object)) fail('a value that contains itself');
    if (open.size === maxDepth) fail(`values nested more than ${maxDepth} deep`);
    // One date somewhere must not slow all the rest down.
    if (open.size < PLAIN_DEPTH && isPlain(object, maxDepth - open.size)) return JSON.stringify(object);
    open.add(object);
    const text = writeTyped(object) ?? writeByCodec(object) ?? writeContainer(object);
    open.delete(object);
    return text;
  };

  const writeTyped = (object: object): string | undefined => {
    const form = formOf(object);
    if (form === undefined) return undefined;
    if (typed === 'kombu-5.3') return `{"__type__":"${form.marker}","__value__":${write(form.value)}}`;
    return form.plain === undefined
      ? fail(`a ${nameOf(object)} in the plain form of kombu 5.2`)
      : JSON.stringify(form.plain);
  };

  const formOf = (object: object): ReturnType<typeof toTyped> => {
    try {
      return toTyped(object);
    } catch {
      return fail(`a ${nameOf(object)} outside of the years 1 to 9999`);
    }
  };

  const writeByCodec = (object: object): string | undefined => {
    if (codecs.length === 0 || Array.isArray(object) || kindOf(object) !== undefined || isPlainObject(object))
      return undefined;
    const codec = codecs.find((each) => asked(each.name, () => each.test(object)));
    if (codec === undefined) return undefined;
    const name = JSON.stringify(codec.name);
    const stored = write(asked(codec.name, () => codec.encode(object)));
    return `{"__type__":${name},"__value__":${stored ?? fail(`undefined, which the codec ${name} gives`)}}`;
  };

  /** What it throws may quote the value. */
  const asked = <T>(name: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      return fail(
        `a value whose codec ${JSON.stringify(name)} threw ${error instanceof Error ? error.name : typeof error}`,
      );
    }
  };

  const writeContainer = (object: object): string | undefined => {
    if (Array.isArray(object)) return writeItems(object);
    switch (kindOf(object)) {
      case 'tuple':
        return writeItems((object as Tuple).items);
      case 'error':
        return writeMembers(remoteErrorEntries(object as RemoteError));
      case 'node':
        return writeItems((object as ResultNode).toTuple());
      case undefined:
        break;
      default:
        return fail(`a value of type ${nameOf(object)}`);
    }
    if (isMap(object)) return writeMembers(keyed(object));
    const { toJSON } = object as { readonly toJSON?: unknown };
    if (typeof toJSON === 'function') return write(toJSON.call(object, String(path.at(-1) ?? '')));
    return isPlainObject(object) ? writeMembers(Object.entries(object)) : fail(`a value of type ${nameOf(object)}`);
  };

  const writeItems = (items: readonly unknown[]): string => {
    let text = '';
    // Not `map`, which passes over the holes of a sparse array.
    for (let index = 0; index < items.length; index += 1) {
      path.push(index);
      // Neither left out, which would move the items after it, nor null, which would be another value.
      text += `${index === 0 ? '' : ','}${write(items[index]) ?? fail('undefined in an array')}`;
      path.pop();
    }
    return `[${text}]`;
  };

  const writeMembers = (entries: Iterable<readonly [string, unknown]>): string => {
    let text = '';
    let written = 0;
    let envelope = 0;
    let marker: unknown;
    for (const [key, value] of entries) {
      path.push(key);
      const member = write(value);
      path.pop();
      if (member === undefined) continue;
      text += `${written === 0 ? '' : ','}${quote(key)}:${member}`;
      written += 1;
      if (key === '__type__') marker = value;
      if (key === '__type__' || key === '__value__') envelope += 1;
    }
    if (written === 2 && envelope === 2 && !markers.includes(marker as string)) {
      fail('an object of just __type__ and __value__, which Celery takes for a typed value and then cannot read');
    }
    return `{${text}}`;
  };

  /** Python's json turns the keys of a dict into text; so do we with those of a Map. */
  const keyed = function* (map: ReadonlyMap<unknown, unknown>): Generator<[string, unknown]> {
    const seen = new Set<string>();
    for (const [key, value] of map) {
      const scalar = typeof key !== 'object' || key === null || kindOf(key) === 'float';
      const text = typeof key === 'string' ? key : scalar ? write(key) : undefined;
      if (text === undefined) return fail(`a Map key of type ${nameOf(key)}`);
      if (seen.has(text)) fail('two keys of a Map that become the same text');
      seen.add(text);
      yield [text, value];
    }
  };

  return write(root) ?? fail('undefined');
}

/** Deeper down, values are not asked again whether they are plain: each level is one more walk over what lies below. */
const PLAIN_DEPTH = 8;

const remoteErrorEntries = ({ type, args, module }: RemoteError): [string, unknown][] => [
  ['exc_type', type],
  ['exc_message', args],
  ['exc_module', module],
];

/** A call of JSON.stringify costs more than the short texts that most keys and values are. */
const quote = (text: string): string => (text.length < 64 && UNESCAPED.test(text) ? `"${text}"` : JSON.stringify(text));

const UNESCAPED = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** As Python's `repr(float)`, which never looks like an int. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (!Number.isInteger(value)) return String(value);
  return Math.abs(value) < EXPONENT_FROM ? `${value}.0` : value.toExponential();
}

/** From here on Python writes `1e+16`. */
const EXPONENT_FROM = 1e16;

const isMap = (object: object): object is ReadonlyMap<unknown, unknown> =>
  Object.prototype.toString.call(object) === '[object Map]';

/** By its constructor, as `isPlain` has it; else one without a prototype, or of another realm. */
function isPlainObject(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  return object.constructor === Object || prototype === null || Object.getPrototypeOf(prototype) === null;
}

const nameOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'object') : typeof value;

/** A message names the place, but does not become as long as the value. */
const MAX_SEGMENTS = 20;
const MAX_KEY = 60;

function pathText(path: readonly (string | number)[]): string {
  const segments = path.slice(0, MAX_SEGMENTS).map((segment) => {
    if (typeof segment === 'number') return `[${segment}]`;
    if (/^[A-Za-z_$][\w$]*$/.test(segment) && segment.length <= MAX_KEY) return `.${segment}`;
    return `[${JSON.stringify(segment.slice(0, MAX_KEY))}${segment.length > MAX_KEY ? '…' : ''}]`;
  });
  return `$${segments.join('')}${path.length > MAX_SEGMENTS ? '…' : ''}`;
}
