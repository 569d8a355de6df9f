import { ResultError, type Serializer, type SerializerContext } from '@rb/core';

/**
 * What a serializer around another one does to the bytes of the one inside, and how readers are told: by a header in band,
 * since a stored result has nowhere else to keep it.
 *
 *     NUL scheme NUL parameter NUL body        \0celery-compressed\0application/x-gzip\0<zlib stream>
 *
 * The form is Celery 5.7's own for `result_compression`, which is the scheme above; the others are called `rb-<what>`, with
 * whatever names the method, the key ... as parameter. No document of a serializer starts with NUL: JSON and YAML are text,
 * pickle starts with an opcode, and in MessagePack and CBOR a first byte of zero is the integer 0, after which nothing
 * may come.
 *
 * Composition is nesting: `encrypted(compressed(json))`. Each one undoes its own scheme, once, and hands everything else to
 * the one inside as it is (encryption refuses it unless told otherwise). So a reader reads what is wrapped by all of its serializers, by some of them, or by none: new
 * readers are rolled out first, writers later. A scheme that nobody undoes is refused by name.
 *
 * Source: celery 5.7 backends/base.py `compress_payload`.
 */
export interface Wrapping {
  /** ASCII without NUL; `rb-...` but for Celery's own. */
  readonly scheme: string;
  /** undefined: the bytes are stored as they are, without a header. */
  wrap(bytes: Uint8Array, context?: SerializerContext): Wrapped | undefined;
  /** Errors: RB_DECODE; neither body nor keys in the message. */
  unwrap(wrapped: Wrapped, context?: SerializerContext): Uint8Array;
  /** What others stored in a form of their own, without any header; undefined where it is not that. Errors: as unwrap. */
  unmarked?(bytes: Uint8Array, context?: SerializerContext): Uint8Array | undefined;
  /** What is not wrapped so is refused (RB_DECODE, with this reason) instead of being handed to the one inside. */
  readonly required?: string | undefined;
}

export interface Wrapped {
  /** ASCII without NUL, at most 255 characters. */
  readonly parameter: string;
  readonly body: Uint8Array;
}

/** A parameter is a content type or the id of a key: what is longer is no header. */
const MAX_PARAMETER_BYTES = 255;
const MAX_SCHEME_BYTES = 32;

/**
 * A serializer around another one. Content type and name tell of the one inside, as Celery's do; the encoding is binary.
 *
 * @param name What it does, once for all methods that its readers tell apart: `compressed(json)` names what is stored.
 */
export function wrapped(name: string, inner: Serializer, wrapping: Wrapping): Serializer {
  return {
    name: `${name}(${inner.name})`,
    contentType: inner.contentType,
    contentEncoding: 'binary',
    inner,
    around: (other) => wrapped(name, other, wrapping),
    encode(value, context) {
      const bytes = bytesOf(inner.encode(value, context));
      const stored = wrapping.wrap(bytes, context);
      return stored === undefined ? bytes : withHeader(wrapping.scheme, stored);
    },
    decode(data, context) {
      const header = readHeader(data);
      let bytes = data;
      if (header?.scheme === wrapping.scheme) bytes = wrapping.unwrap(header, context);
      else if (wrapping.required !== undefined) throw new ResultError('RB_DECODE', wrapping.required);
      else if (header === undefined && typeof data !== 'string') bytes = wrapping.unmarked?.(data, context) ?? data;
      if (inner.inner === undefined && !inner.recognizes?.(bytes)) refuseWrapped(bytes);
      return inner.decode(bytes, context);
    },
  };
}

function refuseWrapped(data: string | Uint8Array): void {
  const scheme = readHeader(data)?.scheme;
  if (scheme === undefined) return;
  throw new ResultError('RB_DECODE', `the data is wrapped as ${scheme}, which no serializer here undoes`);
}

export interface Header extends Wrapped {
  readonly scheme: string;
}

/** The header of wrapped bytes; undefined where there is none. The body is a view. */
export function readHeader(data: string | Uint8Array): Header | undefined {
  if (typeof data === 'string' || data[0] !== 0) return undefined;
  const schemeEnd = endOf(data, 1, MAX_SCHEME_BYTES);
  const parameterEnd = endOf(data, schemeEnd + 1, MAX_PARAMETER_BYTES);
  if (schemeEnd < 0 || parameterEnd < 0) return undefined;
  const scheme = ascii(data.subarray(1, schemeEnd));
  // Shown in messages, and chosen by whoever wrote the data.
  if (!/^[a-z][a-z0-9-]*$/.test(scheme)) return undefined;
  return {
    scheme,
    parameter: ascii(data.subarray(schemeEnd + 1, parameterEnd)),
    body: data.subarray(parameterEnd + 1),
  };
}

export function withHeader(scheme: string, { parameter, body }: Wrapped): Uint8Array {
  return Buffer.concat([Buffer.from(`\0${scheme}\0${parameter}\0`, 'latin1'), body]);
}

/** Where the next NUL is; -1 where there is none in reach. */
function endOf(data: Uint8Array, from: number, maxBytes: number): number {
  const end = data.subarray(from, from + maxBytes + 1).indexOf(0);
  return end < 0 ? -1 : from + end;
}

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

export const bytesOf = (data: string | Uint8Array): Uint8Array => (typeof data === 'string' ? Buffer.from(data) : data);
