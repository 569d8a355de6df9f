import { ResultError } from '@rb/core';

/** Reading and writing: what is written can be read. */
export interface TreeOptions {
  /** Longest document, in bytes. @default 67_108_864 (64 MiB) */
  readonly maxBytes?: number | undefined;
  /** Most values, keys included. @default 2_000_000 */
  readonly maxItems?: number | undefined;
  /** Deepest nesting of values, at most 500: Python's own msgpack writes 511. @default 500 */
  readonly maxDepth?: number | undefined;
  /** Reads whole floats as core's `Float`, so that `1.0` is written back as `1.0` and not as `1`. @default false */
  readonly exactFloats?: boolean | undefined;
}

export type TreeLimits = { readonly [K in keyof TreeOptions]-?: Exclude<TreeOptions[K], undefined> };

/** The one place of the defaults. Errors: TypeError where a limit is no whole number in its range. */
export function resolveTreeLimits(options: TreeOptions): TreeLimits {
  const limit = (name: keyof TreeOptions, value: number, max: number = Number.MAX_SAFE_INTEGER): number => {
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new TypeError(`expected ${name} as a whole number from 1 to ${max}, got ${value}`);
  };
  return {
    maxBytes: limit('maxBytes', options.maxBytes ?? 67_108_864),
    maxItems: limit('maxItems', options.maxItems ?? 2_000_000),
    maxDepth: limit('maxDepth', options.maxDepth ?? 500, 500),
    exactFloats: options.exactFloats ?? false,
  };
}

/** A document that is not read. `reason` never quotes the payload. */
export const unreadable = (format: string, reason: string, offset?: number): ResultError =>
  new ResultError('RB_DECODE', `cannot read ${format}${offset === undefined ? '' : ` at byte ${offset}`}: ${reason}`);

export const beyond = (what: string, limit: keyof TreeOptions, value: number | boolean): string =>
  `${what} (${limit} is ${value}; raise it where such results are expected)`;
