import {
  type Complex,
  DateTime,
  type Decimal,
  type Float,
  kindOf,
  type Opaque,
  type PlainDate,
  type PythonSet,
  type RemoteError,
  type ResultNode,
  type TimeDelta,
  type Tuple,
  type Uuid,
} from '@rb/core';

/**
 * A value as plain JSON that says everything about it, as peer.py does in Python: what is equal here means the same
 * there. (Comparing the values themselves would overlook a DateTime's microseconds.)
 */
export function tagged(value: unknown): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : float(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : { $int: String(value) };
  if (Array.isArray(value)) return value.map(tagged);
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('hex') };
  if (value instanceof Map) return dict(value);
  if (value instanceof Set) return { $set: sorted([...value].map(tagged)) };
  if (typeof value !== 'object') throw new TypeError(`expected a value of Python, got ${typeof value}`);
  return ofKind(value) ?? dict(Object.entries(value));
}

function ofKind(value: object): unknown {
  switch (kindOf(value)) {
    case undefined:
      return value instanceof Date ? datetime(new DateTime(value.getTime())) : undefined;
    case 'datetime':
      return datetime(value as DateTime);
    case 'date':
      return { $date: (value as PlainDate).iso };
    case 'time':
      return { $time: (value as PlainDate).iso };
    case 'timedelta': {
      const { days, seconds, microseconds } = value as TimeDelta;
      return { $timedelta: [days, seconds, microseconds] };
    }
    case 'decimal':
      return { $decimal: (value as Decimal).value };
    case 'uuid':
      return { $uuid: (value as Uuid).hex };
    case 'tuple':
      return { $tuple: (value as Tuple).items.map(tagged) };
    case 'set': {
      const { items, frozen } = value as PythonSet;
      return { [frozen ? '$frozenset' : '$set']: sorted(items.map(tagged)) };
    }
    case 'complex':
      return { $complex: [float((value as Complex).real), float((value as Complex).imag)] };
    case 'float':
      return float((value as Float).value);
    case 'error': {
      const { module, type, args } = value as RemoteError;
      return { $error: [module, type, args.map(tagged)] };
    }
    case 'node':
      return { $node: (value as ResultNode).toTuple() };
    case 'opaque': {
      const { module, name, form, args, kwargs, state, items, entries } = value as Opaque;
      const parts = [args, kwargs, state ?? '(none)', items, entries.map(([key, item]) => [key, item])];
      return { $opaque: [form, `${module}.${name}`, ...parts.map(tagged)] };
    }
  }
}

const datetime = (value: DateTime): unknown => ({ $datetime: [value.toIsoFormat(), value.zone] });

/** The bits of the double, since the two languages print it differently. */
function float(value: number): unknown {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { $float: Number.isNaN(value) ? 'nan' : bytes.toString('hex') };
}

const dict = (entries: Iterable<readonly [unknown, unknown]>): unknown => ({
  $dict: sorted([...entries].map(([key, item]) => [tagged(key), tagged(item)])),
});

/** Order means nothing in a set, and nothing in a dict that is compared. Sorted as Python sorts them. */
const sorted = (items: unknown[]): unknown[] =>
  items
    .map((item) => [ascii(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, item]) => item);

/** As Python's json.dumps. */
const ascii = (item: unknown): string =>
  JSON.stringify(item).replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
