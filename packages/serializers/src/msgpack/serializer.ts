import type { Serializer } from '@rb/core';
import { resolveTreeLimits, type TreeOptions, unreadable } from '../tree-limits.js';
import { MsgpackReader } from './reader.js';
import { MsgpackWriter } from './writer.js';

/**
 * kombu's msgpack: text as str, bytes as bin, tuples as lists; integers beyond 2^53 as bigint.
 *
 * Errors: RB_ENCODE for what kombu refuses too: dates, decimals, UUIDs, sets, integers of more than 64 bits, half a surrogate
 *         pair; and for keys that are no text, which Python writes but does not read. RB_DECODE for anything that is no
 *         single MessagePack value within the limits. TypeError where a limit is out of its range.
 * Source: kombu/serialization.py `register_msgpack`: packb(use_bin_type=True), unpackb(raw=False).
 */
export function msgpackSerializer(options: TreeOptions = {}): Serializer {
  const limits = resolveTreeLimits(options);
  return {
    name: 'msgpack',
    contentType: 'application/x-msgpack',
    contentEncoding: 'binary',
    recognizes,
    encode: (value) => new MsgpackWriter(limits).write(value),
    decode(data) {
      if (typeof data === 'string') throw unreadable('msgpack', 'expected bytes, got text');
      return new MsgpackReader(data, limits).read();
    },
  };
}

/** Of one byte, or a map, a list ...; below 0x80 is text, 0x80 begins a pickle, and short text has its length, where CBOR has maps. */
function recognizes(data: string | Uint8Array): boolean {
  const [first = ''] = data;
  if (typeof first === 'string') return false;
  return data.length === 1 || ((first & 0xe0) === 0xa0 ? data.length === 1 + (first & 0x1f) : first > 0x80);
}

/** `msgpackSerializer()` with the default options. */
export const msgpack: Serializer = msgpackSerializer();
