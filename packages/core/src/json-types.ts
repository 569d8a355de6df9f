import { DateTime, PlainDate, PlainTime } from './datetime.js';
import { formatIso } from './iso.js';
import { Decimal, kindOf, PythonSet, Uuid } from './values.js';

/** A value that JSON lacks, in both of kombu's forms. */
export interface TypedForm {
  /** kombu >= 5.3: `{"__type__": marker, "__value__": value}`. */
  readonly marker: string;
  readonly value: unknown;
  /** kombu 5.2: bare text; undefined where that version refuses the type. */
  readonly plain: string | undefined;
}

/**
 * The typed form of a date, time, decimal, UUID or bytes; undefined for any other object.
 *
 * Errors: TypeError for a date that Python cannot hold.
 * Source: kombu 5.6 and 5.2 utils/json.py `JSONEncoder.default`.
 */
export function toTyped(object: object): TypedForm | undefined {
  switch (kindOf(object)) {
    case 'datetime':
      return datetimeForm((object as DateTime).toIsoFormat());
    case 'date':
      return { marker: 'date', value: String(object), plain: `${object}T00:00:00` };
    case 'time':
      return { marker: 'time', value: String(object), plain: String(object) };
    case 'decimal':
      return { marker: 'decimal', value: String(object), plain: String(object) };
    case 'uuid':
      return { marker: 'uuid', value: { hex: (object as Uuid).hex }, plain: String(object) };
    case undefined:
      break;
    default:
      return undefined;
  }
  // By tag, since `instanceof` fails for objects of another realm (vm contexts, test runners).
  const tag = Object.prototype.toString.call(object);
  if (tag === '[object Date]') return datetimeForm(formatIso((object as Date).getTime(), 0, 0));
  if (tag === '[object Uint8Array]') return { ...bytesForm(object as Uint8Array), plain: undefined };
  return undefined;
}

const datetimeForm = (iso: string): TypedForm => ({
  marker: 'datetime',
  value: iso,
  plain: iso.replace(/\+00:00$/, 'Z'),
});

// ignoreBOM keeps a leading U+FEFF, as Python does.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bytesForm(bytes: Uint8Array): Pick<TypedForm, 'marker' | 'value'> {
  try {
    return { marker: 'bytes', value: utf8.decode(bytes) };
  } catch {
    return { marker: 'base64', value: toBase64(bytes) };
  }
}

/** Reads the envelope's value; undefined where it is not of the shape that the marker announces. */
type Reader = (value: unknown) => unknown;

const ofText =
  (read: (value: string) => unknown): Reader =>
  (value) =>
    typeof value === 'string' ? read(value) : undefined;

const readDatetime = ofText(DateTime.fromIso);
// Python reads a date with `datetime.fromisoformat(value).date()`.
const readDate = ofText((value) => new PlainDate(value.replace(/[T ].*/, '')));
const readTime = ofText((value) => new PlainTime(value));
const readDecimal = ofText((value) => new Decimal(value));
const readBase64 = ofText(fromBase64);

/** `{"__type__", "__value__"}`: kombu >= 5.3. Maps, because a marker may be called `constructor`. */
const KOMBU: ReadonlyMap<unknown, Reader> = new Map([
  ['datetime', readDatetime],
  ['date', readDate],
  ['time', readTime],
  ['decimal', readDecimal],
  // kombu 5.3.0 adds a "version", which the digits tell as well.
  ['uuid', (value) => ofText((hex) => new Uuid(hex))((value as { readonly hex?: unknown } | null)?.hex)],
  // A lone surrogate has no UTF-8.
  ['bytes', ofText((value) => (/\p{Surrogate}/u.test(value) ? undefined : new TextEncoder().encode(value)))],
  ['base64', readBase64],
]);

/** `{"__type__", "value"}`: the extended JSON that many projects carry in an encoder of their own. */
const RECIPE: ReadonlyMap<unknown, Reader> = new Map([
  ['datetime', readDatetime],
  ['date', readDate],
  ['time', readTime],
  ['decimal', readDecimal],
  ['uuid', ofText((value) => new Uuid(value))],
  ['set', (value) => (Array.isArray(value) ? new PythonSet(value) : undefined)],
  ['bytes', readBase64],
]);

/** The value that an envelope stands for; the object itself where it is none, or one that is not understood. */
export function fromTyped(object: Readonly<Record<string, unknown>>): unknown {
  if (!Object.hasOwn(object, '__type__')) return object;
  const { __type__: marker, ...others } = object;
  const [member, ...more] = Object.entries(others);
  if (member === undefined || more.length > 0) return object;
  try {
    return readerOf(marker, member[0])?.(member[1]) ?? object;
  } catch {
    // The value classes refuse what they cannot hold; as data nothing of it is lost.
    return object;
  }
}

function readerOf(marker: unknown, key: string): Reader | undefined {
  if (key === '__value__') return KOMBU.get(marker);
  // Spelt `Decimal` and `UUID` in some copies of the recipe.
  return key === 'value' && typeof marker === 'string' ? RECIPE.get(marker.toLowerCase()) : undefined;
}

/** Bytes per call of String.fromCharCode, far below the number of arguments that an engine allows. */
const CHUNK = 8_192;

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += CHUNK) binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(binary);
}

function fromBase64(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
