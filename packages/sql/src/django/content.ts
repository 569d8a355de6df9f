import { json, type Serializer, type SerializerContext } from '@rb/core';

/** How the text columns of one row are to be read: one serializer for all of them, named in the row. */
export interface Content {
  readonly content_type: string;
  readonly content_encoding: string;
}

/**
 * The values of one row as text, as `DatabaseBackend.encode_content` makes them: bytes in base64. Absent ones are null.
 *
 * Errors: the serializer's.
 */
export function encodeContent<Name extends string>(
  values: Readonly<Record<Name, unknown>>,
  serializer: Serializer,
  context: SerializerContext,
): Content & Readonly<Record<Name, string | null>> {
  const encoded = Object.entries(values).map(([name, value]) => {
    return [name, value === undefined ? null : serializer.encode(value, context)] as const;
  });
  const isBinary = encoded.some(([, data]) => data instanceof Uint8Array);
  const texts = encoded.map(([name, data]) => [name, isBinary && data !== null ? base64(data) : data]);
  return {
    ...(Object.fromEntries(texts) as Record<Name, string | null>),
    content_type: serializer.contentType,
    content_encoding: isBinary ? 'binary' : 'utf-8',
  };
}

const base64 = (data: string | Uint8Array): string => Buffer.from(data as Uint8Array).toString('base64');

/**
 * The inverse, for one column. Nothing, or no text at all, is undefined.
 *
 * Errors: the serializer's; RB_DECODE where it does not accept the row's content type.
 */
export function decodeContent(
  text: unknown,
  { content_type, content_encoding }: Content,
  serializer: Serializer,
  context: SerializerContext,
): unknown {
  if (text === null || text === undefined || text === '') return undefined;
  if (typeof text !== 'string') throw new TypeError('expected text');
  const data = content_encoding === 'binary' ? Buffer.from(text, 'base64') : text;
  // A row that the admin made has no content type.
  return serializer.decode(data, { ...context, contentType: content_type || json.contentType });
}
