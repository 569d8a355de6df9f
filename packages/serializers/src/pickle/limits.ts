import { ResultError } from '@rb/core';

/** Every option has a default, so `pickle` itself is `pickleSerializer()`. */
export interface PickleOptions {
  /**
   * What a class or function is read as that is none of the known ones: core's `Opaque`, inert data, or an error
   * (RB_DECODE) that names it. Neither imports nor calls anything. @default 'opaque'
   */
  readonly unknown?: 'opaque' | 'refuse' | undefined;
  /** Reads whole floats as core's `Float`, so that `1.0` is written back as `1.0` and not as `1`. @default false */
  readonly exactFloats?: boolean | undefined;
  /**
   * Writes `Opaque` values too. Python **imports and calls** whatever they name when it reads them: only for values
   * whose every writer is trusted as much as the code that reads them. @default false
   */
  readonly writeOpaque?: boolean | undefined;
  /**
   * Longest pickle, in bytes; also the most text and bytes that its values hold, a shared one counted wherever it
   * stands. Reading and writing. @default 67_108_864 (64 MiB)
   */
  readonly maxBytes?: number | undefined;
  /** Most values, keys included, a shared one counted wherever it stands. Reading and writing. @default 2_000_000 */
  readonly maxItems?: number | undefined;
  /** Deepest nesting of values, at most 1000. Reading and writing. @default 500 */
  readonly maxDepth?: number | undefined;
  /** Longest single integer, in bytes. Reading and writing. @default 65_536 (some 157,000 digits) */
  readonly maxIntegerBytes?: number | undefined;
}

export type Limits = { readonly [K in keyof PickleOptions]-?: Exclude<PickleOptions[K], undefined> };

/** The one place of the defaults. Errors: TypeError where a limit is no whole number in its range. */
export function resolveOptions(options: PickleOptions): Limits {
  const limit = (name: keyof PickleOptions, value: number, max: number = Number.MAX_SAFE_INTEGER): number => {
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new TypeError(`expected ${name} as a whole number from 1 to ${max}, got ${value}`);
  };
  return {
    unknown: options.unknown ?? 'opaque',
    exactFloats: options.exactFloats ?? false,
    writeOpaque: options.writeOpaque ?? false,
    maxBytes: limit('maxBytes', options.maxBytes ?? 67_108_864),
    maxItems: limit('maxItems', options.maxItems ?? 2_000_000),
    // A level costs some four stack frames; 1000 of them fit V8's default stack with room for the caller's own.
    maxDepth: limit('maxDepth', options.maxDepth ?? 500, 1_000),
    maxIntegerBytes: limit('maxIntegerBytes', options.maxIntegerBytes ?? 65_536),
  };
}

/** A pickle that is not read. `reason` never quotes the payload. */
export const refuse = (reason: string, offset?: number): ResultError =>
  new ResultError('RB_DECODE', `cannot read pickle${offset === undefined ? '' : ` at byte ${offset}`}: ${reason}`);

export const tooMany = (what: string, limit: keyof PickleOptions, value: number): string =>
  `${what} (${limit} is ${value}; raise it where such results are expected)`;
