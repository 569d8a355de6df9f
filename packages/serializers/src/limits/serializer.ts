import { ResultError, type Serializer } from '@rb/core';
import { excess } from './measure.js';

export interface LimitsOptions {
  /** Longest document as the serializer inside writes it, in bytes. @default Infinity */
  readonly maxBytes?: number | undefined;
  /** Containers inside each other. A record itself is one. @default Infinity */
  readonly maxDepth?: number | undefined;
  /** Members of all containers together. The record's own are some ten of them. @default Infinity */
  readonly maxEntries?: number | undefined;
}

type Limits = { readonly [K in keyof LimitsOptions]-?: number };

/**
 * A serializer that writes and reads nothing beyond limits of your own. Bytes are counted before anything is decoded; depth and
 * entries as soon as it is, which bounds what the application gets. What decoding itself may take is for the serializer
 * inside to bound: each of this package has limits, and JSON takes memory in proportion to its bytes.
 *
 * Where it stands counts: `limits(compressed(json), ...)` bounds what is stored, `compressed(limits(json, ...))` what that becomes.
 * Errors: RB_ENCODE, RB_DECODE, with the limit's name; TypeError for what is no limit.
 */
export function limits(inner: Serializer, options: LimitsOptions): Serializer {
  return around(inner, {
    maxBytes: limit('maxBytes', options.maxBytes),
    maxDepth: limit('maxDepth', options.maxDepth),
    maxEntries: limit('maxEntries', options.maxEntries),
  });
}

function around(inner: Serializer, bounds: Limits): Serializer {
  const check = (value: unknown, code: 'RB_ENCODE' | 'RB_DECODE'): void => {
    const passed = excess(value, bounds);
    if (passed !== undefined) throw beyond(code, `the value has more than ${bounds[passed]} ${UNITS[passed]}`, passed);
  };
  const checkBytes = (data: string | Uint8Array, code: 'RB_ENCODE' | 'RB_DECODE'): void => {
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    if (bytes > bounds.maxBytes) {
      throw beyond(code, `the data has ${bytes} bytes, more than ${bounds.maxBytes}`, 'maxBytes');
    }
  };
  return {
    ...inner,
    inner,
    around: (other) => around(other, bounds),
    encode(value, context) {
      check(value, 'RB_ENCODE');
      const data = inner.encode(value, context);
      checkBytes(data, 'RB_ENCODE');
      return data;
    },
    decode(data, context) {
      checkBytes(data, 'RB_DECODE');
      const value = inner.decode(data, context);
      check(value, 'RB_DECODE');
      return value;
    },
  };
}

const UNITS = { maxDepth: 'containers inside each other', maxEntries: 'entries' };

const beyond = (code: 'RB_ENCODE' | 'RB_DECODE', what: string, name: keyof LimitsOptions): ResultError =>
  new ResultError(code, `limits: ${what} (${name}; raise it where such results are expected)`);

function limit(name: keyof LimitsOptions, value: number = Number.POSITIVE_INFINITY): number {
  if (value >= 1) return value;
  throw new TypeError(`expected ${name} as a number from 1 up, got ${value}`);
}
