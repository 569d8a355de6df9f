import type { Serializer } from '@rb/core';
import { resolveTreeLimits, type TreeOptions, unreadable } from '../tree-limits.js';
import { CborReader } from './reader.js';
import { CborWriter } from './writer.js';

/**
 * CBOR as Python's cbor2 reads and writes it: integers of any size, dates, decimals, UUIDs and sets as what they are. kombu does
 * not know it by itself: `kombu.serialization.register('cbor', cbor2.dumps, cbor2.loads, 'application/cbor', 'binary')`.
 *
 * Errors: RB_ENCODE for naive datetimes, times, timedeltas, half a surrogate pair, decimals that are no numbers. RB_DECODE for
 *         anything that is no single CBOR value within the limits, or has an unknown tag. TypeError where a limit is out of its range.
 * Source: RFC 8949; IANA's registry of CBOR tags.
 */
export function cborSerializer(options: TreeOptions = {}): Serializer {
  const limits = resolveTreeLimits(options);
  return {
    name: 'cbor',
    contentType: 'application/cbor',
    contentEncoding: 'binary',
    recognizes,
    encode: (value) => new CborWriter(limits).write(value),
    decode(data) {
      if (typeof data === 'string') throw unreadable('cbor', 'expected bytes, got text');
      return new CborReader(data, limits).read();
    },
  };
}

/** A list, a map or a tag; text and numbers by themselves look like other formats' text. A list looks like MessagePack's list or map. */
const recognizes = ([first = '']: string | Uint8Array): boolean => typeof first !== 'string' && first >= 0x80;

/** `cborSerializer()` with the default options. */
export const cbor: Serializer = cborSerializer();
