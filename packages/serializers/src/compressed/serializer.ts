import type { Serializer } from '@rb/core';
import { type Wrapped, wrapped } from '../wrapped.js';
import { decompress, decompressBare } from './decompress.js';
import { allowedBytes, type CompressedOptions, resolveLimits, resolveWriting } from './options.js';

/** What Celery 5.7 writes with `result_compression`, and reads whatever that says. */
const SCHEME = 'celery-compressed';

/**
 * A serializer whose output is compressed where that pays, in the form of Celery 5.7, which reads it (in its Redis, MongoDB,
 * file system ... backends). Celery up to 5.6 cannot read what is compressed.
 *
 * Reads: every method, with Celery's marker or without any, and what is not compressed.
 * Errors: RB_DECODE for what is damaged or passes a limit, before it is expanded any further; RB_UNSUPPORTED where a
 *         method's library is not installed.
 * Source: celery 5.7 backends/base.py `compress_payload`; kombu/compression.py.
 */
export function compressed(inner: Serializer, options: CompressedOptions = {}): Serializer {
  const { method, level, minBytes } = resolveWriting(options);
  const limits = resolveLimits(options);
  return wrapped('compressed', inner, {
    scheme: SCHEME,
    wrap(bytes): Wrapped | undefined {
      // Beyond the limits it would be refused when read.
      if (bytes.length < minBytes || bytes.length > limits.maxBytes) return undefined;
      const body = method.compress(bytes, level);
      const isWorthIt =
        body.length + OVERHEAD_BYTES < bytes.length && bytes.length <= allowedBytes(body.length, limits);
      return isWorthIt ? { parameter: method.contentType, body } : undefined;
    },
    unwrap: ({ parameter, body }) => decompress(body, parameter, limits),
    unmarked: (bytes) => decompressBare(bytes, limits),
  });
}

/** About the marker's length. */
const OVERHEAD_BYTES = 40;
