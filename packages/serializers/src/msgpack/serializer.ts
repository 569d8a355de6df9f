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

/** Below 0x80 a byte is a whole document; a longer one that begins so is text. 0x80 is an empty map, or begins a pickle. */
const recognizes = (data: string | Uint8Array): boolean =>
  typeof data !== 'string' && (data.length === 1 || (data[0] ?? 0) > 0x80);

/** `msgpackSerializer()` with the default options. */
export const msgpack: Serializer = msgpackSerializer();
