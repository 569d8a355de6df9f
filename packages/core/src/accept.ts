import { ResultError } from './errors.js';
import { json } from './json.js';
import type { Serializer } from './serializer.js';

/** Serializers whose data may be decoded, or the names of `json` and of the one that writes. */
export type Accept = readonly (Serializer | string)[];

/**
 * A serializer that writes as before, and decodes only what one of `accept` wrote: Celery's `result_accept_content`. What it is
 * is told before a byte is decoded, by the content type that came with it, else by how it begins. Of a serializer
 * around another one, it concerns the innermost.
 *
 * @param accept @default the serializer itself and `json`, so that pickle is read only where somebody asked for it; one that cannot
 *               tell its data by how it begins is alone, as any of it might begin as JSON does.
 * Errors: TypeError where it does not accept what it writes, or names what it does not know.
 * Source: kombu serialization.py `loads`, which raises ContentDisallowed.
 */
export function accepting(serializer: Serializer, accept: Accept = usually(innermost(serializer))): Serializer {
  const { inner, name, contentType, contentEncoding } = serializer;
  if (inner !== undefined && serializer.around !== undefined) return serializer.around(accepting(inner, accept));
  const accepted = [...new Set(accept.map((each) => named(each, serializer)))];
  if (!accepted.some((each) => each.contentType === contentType)) {
    throw new TypeError(`expected accept to include ${name}, which writes`);
  }
  // JSON first: what begins as JSON may be YAML too, and then means the same.
  const readers = accepted.sort((a, b) => Number(isJson(b)) - Number(isJson(a)));
  const isBinary = readers.some((reader) => reader.contentEncoding === 'binary');

  const readerOf = (data: string | Uint8Array, told: string | undefined): Serializer | undefined => {
    if (told !== undefined) return readers.find((reader) => reader.contentType === told);
    if (readers.length === 1) return readers[0];
    return (
      readers.find((reader) => reader.recognizes?.(data)) ?? readers.find(({ recognizes }) => recognizes === undefined)
    );
  };

  return {
    name,
    contentType,
    // Whoever reads text from a connection must not read bytes as text.
    contentEncoding: isBinary ? 'binary' : contentEncoding,
    recognizes: (data) => readers.some((reader) => reader.recognizes?.(data) ?? true),
    encode: (value, context) => serializer.encode(value, context),
    decode(data, context) {
      const reader = readerOf(data, context?.contentType);
      if (reader !== undefined) return reader.decode(data, context);
      const types = readers.map(({ contentType }) => contentType).join(', ');
      throw new ResultError('RB_DECODE', `the data is of none of the content types that are accepted: ${types}`);
    },
  };
}

const usually = (writer: Serializer): Accept => (writer.recognizes ? [writer, json] : [writer]);

/** The one that makes text or bytes of values, inside of all that wrap it. */
export function innermost(serializer: Serializer): Serializer {
  return serializer.inner === undefined ? serializer : innermost(serializer.inner);
}

const isJson = ({ contentType }: Serializer): boolean => contentType === json.contentType;

function named(each: Serializer | string, writer: Serializer): Serializer {
  const found = typeof each === 'object' ? innermost(each) : [writer, json].find(({ name }) => name === each);
  // Its options are those of the one that writes.
  if (found?.contentType === writer.contentType) return writer;
  if (found !== undefined) return found;
  throw new TypeError(
    `expected accept to hold serializers, such as msgpack of @rb/serializers/msgpack, or the names ${writer.name} and json, got ${JSON.stringify(each)}`,
  );
}
