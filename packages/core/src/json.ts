import { isResultError, ResultError } from './errors.js';
import type { JsonCodec } from './json-codec.js';
import { parseExact } from './json-parse.js';
import { isPlain } from './json-plain.js';
import { stringifyExact } from './json-stringify.js';
import type { Serializer } from './serializer.js';

export interface JsonOptions {
  /**
   * How dates, decimals, UUIDs and bytes are written: 'kombu-5.3' as typed values, 'plain' as the text that Celery 5.2
   * writes and reads (bytes are refused then, as there). Both are read. @default 'kombu-5.3'
   */
  readonly typed?: 'kombu-5.3' | 'plain' | undefined;
  /** Read `1.0` as `new Float(1)` instead of `1`, so that it is written as a float again. Slower. @default false */
  readonly exactFloats?: boolean | undefined;
  /** Arrays and objects inside each other, both ways; Python reads about as many. @default 1000 */
  readonly maxDepth?: number | undefined;
  /**
   * Markers that your Python side gave to `kombu.utils.json.register_type`. Objects of just `__type__` and `__value__`
   * are written for these alone. @default []
   */
  readonly markers?: readonly string[] | undefined;
  /** Classes of your own, each by `codec()`; the first whose test says so writes a value. @default [] */
  // biome-ignore lint/suspicious/noExplicitAny: each is of its own type, and only its own test leads to it.
  readonly codecs?: readonly JsonCodec<any>[] | undefined;
}

/**
 * Celery's JSON. Nothing is lost on the way that JSON can carry: integers of any size (bigint beyond 2^53), NaN and
 * Infinity, kombu's typed values. Tuples become arrays, Maps objects, whole floats plain numbers (see `exactFloats`).
 *
 * Reads: typed values of kombu >= 5.3 as Date, DateTime, PlainDate, PlainTime, Decimal, Uuid and Uint8Array; those of the
 *         `{"__type__", "value"}` recipe too. A marker or value that is not understood stays a plain object.
 * Writes: a RemoteError as Celery's `exc_*` object, a ResultNode as its tuple; properties that are undefined are left out.
 * Errors: RB_ENCODE names path and type of what cannot be carried: sets, timedeltas, class instances without toJSON,
 *         functions, undefined in an array, cycles. RB_DECODE names the position. Neither quotes a value.
 * Source: kombu utils/json.py.
 */
export function jsonSerializer(options: JsonOptions = {}): Serializer {
  const { typed = 'kombu-5.3', exactFloats = false, maxDepth = 1_000, markers = [], codecs = [] } = options;
  if (!(Number.isInteger(maxDepth) && maxDepth >= 1)) {
    throw new TypeError(`expected maxDepth as a whole number from 1 up, got ${maxDepth}`);
  }
  if (codecs.length > 0 && typed === 'plain')
    throw new TypeError("expected no codecs with typed: 'plain', which has no markers");
  const decoders = new Map(codecs.map(({ name, decode }) => [name, decode]));
  if (decoders.size < codecs.length) throw new TypeError('expected each codec by a name of its own, got one twice');
  return {
    name: 'json',
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    recognizes: looksLikeJson,
    encode(value) {
      try {
        return isPlain(value, maxDepth)
          ? JSON.stringify(value)
          : stringifyExact(value, { maxDepth, typed, markers, codecs });
      } catch (error) {
        throw isResultError(error) ? error : new ResultError('RB_ENCODE', `json: ${reasonOf(error)}`);
      }
    },
    decode(data) {
      const text = typeof data === 'string' ? data : decodeUtf8(data);
      if (text === '') throw new ResultError('RB_DECODE', 'json: there is nothing to decode, the data is empty');
      try {
        const value = exactFloats ? undefined : parsePlain(text, maxDepth);
        return value === undefined ? parseExact(text, { maxDepth, exactFloats, decoders }) : value;
      } catch (error) {
        throw isResultError(error) ? error : new ResultError('RB_DECODE', `json: ${reasonOf(error)}`);
      }
    },
  };
}

/** Celery's default serializer, with the default options. */
export const json: Serializer = jsonSerializer();

/** The engine's parser wherever it gives what the exact one would; else undefined, which no JSON stands for. */
function parsePlain(text: string, maxDepth: number): unknown {
  if (opensMoreThan(text, MAX_OPENERS)) return undefined;
  try {
    const value = JSON.parse(text);
    return isPlain(value, maxDepth) ? value : undefined;
  } catch {
    // NaN, say, or no JSON at all: the exact parser knows.
    return undefined;
  }
}

/** JSON.parse takes some 100 bytes for each level that is open, so a hostile 200 MB of `[` must not reach it. */
const MAX_OPENERS = 200_000;

function opensMoreThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  let count = 0;
  for (const opener of ['[', '{']) {
    for (let at = text.indexOf(opener); at >= 0; at = text.indexOf(opener, at + 1)) {
      count += 1;
      if (count > limit) return true;
    }
  }
  return false;
}

/** A container by its first two characters, anything else as a whole: so that no YAML is taken for JSON that means less. */
function looksLikeJson(data: string | Uint8Array): boolean {
  const start = typeof data === 'string' ? data.slice(0, MAX_START) : ascii.decode(data.subarray(0, MAX_START));
  return CONTAINER.test(start) || (data.length < MAX_START ? SCALAR : TEXT_START).test(start);
}

const MAX_START = 64;
const CONTAINER = /^\s*(?:\{\s*["}]|\[\s*["[{\]\-0-9tfnNI])/;
const SCALAR =
  /^\s*(?:"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN|true|false|null)\s*$/;
const TEXT_START = /^\s*(?:"|-?\d+)/;
const ascii = new TextDecoder('latin1');

// A byte order mark is kept, so that it fails as it does in Python.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(data: Uint8Array): string {
  try {
    return utf8.decode(data);
  } catch {
    throw new ResultError('RB_DECODE', 'json: the data is not UTF-8; is the task stored with another serializer?');
  }
}

/** Never the error itself, as message or as cause: a getter or toJSON of the caller's may quote the value in it. */
const reasonOf = (error: unknown): string =>
  error instanceof RangeError
    ? 'the value is nested too deeply for the stack that is left, or its text becomes too long'
    : `a getter or toJSON of the value threw ${error instanceof Error ? error.name : `a ${typeof error}`}`;
