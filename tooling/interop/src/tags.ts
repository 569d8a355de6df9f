import {
  DateTime,
  Decimal,
  Float,
  kindOf,
  PlainDate,
  PlainTime,
  PythonSet,
  RemoteError,
  ResultNode,
  TimeDelta,
  Tuple,
  Uuid,
  type ValueKind,
} from '@rb/core';

/** A value as the oracle sends and takes it: JSON, in which what JSON lacks is an object with one key that starts with `$`. */
export type Tagged = null | boolean | number | string | readonly Tagged[] | { readonly [key: string]: Tagged };

/**
 * A value of ours, as the Python value that it stands for.
 *
 * Loses: the zone's name of a DateTime (Python compares instants), what a bigint was where a number would do.
 * Errors: TypeError for what has no tag: Complex, Opaque, undefined, functions, class instances.
 */
export function toTagged(value: unknown): Tagged {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : tagFloat(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : { $int: String(value) };
  if (Array.isArray(value)) return value.map(toTagged);
  if (typeof value !== 'object') return untaggable(typeof value);
  const kind = kindOf(value);
  if (kind !== undefined) return TAG[kind]?.(value) ?? untaggable(kind);
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (value instanceof Date) return { $datetime: new DateTime(value.getTime()).toIsoFormat() };
  if (value instanceof Set) return { $set: [...value].map(toTagged) };
  if (value instanceof Map) return tagDict([...value]);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return untaggable(value.constructor.name);
  const entries = Object.entries(value);
  if (looksTagged(entries)) return tagDict(entries);
  return Object.fromEntries(entries.map(([key, item]) => [key, toTagged(item)]));
}

/**
 * The inverse. Loses nothing: whole floats become Float (except beyond 2^53, where a number can be nothing else),
 * dicts with other keys than strings a Map, exceptions a RemoteError, results a ResultNode.
 *
 * Errors: TypeError for `$repr`, which stands for a Python object that has no tag.
 */
export function fromTagged(value: Tagged): unknown {
  if (Array.isArray(value)) return value.map(fromTagged);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (!looksTagged(entries)) return Object.fromEntries(entries.map(([key, item]) => [key, fromTagged(item)]));
  const [[tag, content]] = entries;
  const read = READ[tag];
  if (read === undefined) throw new TypeError(`Python's value has no equal here: ${JSON.stringify(value)}`);
  return read(content as never);
}

const looksTagged = <T>(entries: readonly [string, T][]): entries is [[string, T]] =>
  entries.length === 1 && entries[0]?.[0].startsWith('$') === true;

const untaggable = (what: string): never => {
  throw new TypeError(`expected a value that Python has, got ${what}`);
};

/** What JSON cannot say of a float, spelled as Python does up to 2^53: beyond it the value counts, not the text. */
const tagFloat = (value: number): Tagged => {
  if (Number.isFinite(value) && !Number.isInteger(value)) return value;
  const text = Object.is(value, -0) ? '-0' : String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
  return { $float: /^-?\d+$/.test(text) ? `${text}.0` : text };
};

const tagDict = (entries: readonly (readonly [unknown, unknown])[]): Tagged => ({
  $dict: entries.map(([key, item]) => [toTagged(key), toTagged(item)]),
});

// The casts say what `kindOf` proved; it is no type guard, so that it works across duplicate installs.
const TAG: { readonly [kind in ValueKind]?: (value: object) => Tagged } = {
  datetime: (value) => ({ $datetime: (value as DateTime).toIsoFormat() }),
  date: (value) => ({ $date: (value as PlainDate).iso }),
  time: (value) => ({ $time: (value as PlainTime).iso }),
  timedelta: (value) => {
    const { days, seconds, microseconds } = value as TimeDelta;
    return { $timedelta: [days, seconds, microseconds] };
  },
  decimal: (value) => ({ $decimal: (value as Decimal).value }),
  uuid: (value) => ({ $uuid: (value as Uuid).hex }),
  tuple: (value) => ({ $tuple: (value as Tuple).items.map(toTagged) }),
  set: (value) => {
    const { items, frozen } = value as PythonSet;
    return { [frozen ? '$frozenset' : '$set']: items.map(toTagged) };
  },
  float: (value) => tagFloat((value as Float).value),
  error: (value) => {
    const { module, type, args } = value as RemoteError;
    return { $exception: { module, type, args: args.map(toTagged) } };
  },
  node: (value) => ({ $result: (value as ResultNode).toTuple() as Tagged }),
};

// The casts say what celery_oracle.py documents for each tag.
const READ: Readonly<Record<string, (content: never) => unknown>> = {
  $int: (digits: string) => BigInt(digits),
  $float: readFloat,
  $bytes: (base64: string) => new Uint8Array(Buffer.from(base64, 'base64')),
  $tuple: (items: readonly Tagged[]) => new Tuple(items.map(fromTagged)),
  $set: (items: readonly Tagged[]) => new PythonSet(items.map(fromTagged)),
  $frozenset: (items: readonly Tagged[]) => new PythonSet(items.map(fromTagged), true),
  $dict: readDict,
  $datetime: (iso: string) => DateTime.fromIso(iso),
  $date: (iso: string) => new PlainDate(iso),
  $time: (iso: string) => new PlainTime(iso),
  $timedelta: ([days, seconds, microseconds]: [number, number, number]) => new TimeDelta(days, seconds, microseconds),
  $uuid: (hex: string) => new Uuid(hex),
  $decimal: (text: string) => new Decimal(text),
  $exception: ({ type, module, args, str }: { type: string; module: string; args: readonly Tagged[]; str: string }) =>
    new RemoteError(type, module, args.map(fromTagged), str),
  $result: (tuple: unknown) => ResultNode.fromTuple(tuple),
};

function readFloat(text: string): number | Float {
  const value = Number(text.replace('inf', 'Infinity').replace('nan', 'NaN'));
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? new Float(value) : value;
}

/** An object where every key is a string, as everywhere in these packages. */
function readDict(pairs: readonly (readonly [Tagged, Tagged])[]): unknown {
  const entries = pairs.map(([key, item]) => [fromTagged(key), fromTagged(item)] as const);
  const textual = entries.every((entry): entry is readonly [string, unknown] => typeof entry[0] === 'string');
  return textual ? Object.fromEntries(entries) : new Map(entries);
}
