import type { Method, MethodAlias, MethodName } from './method.js';
import { methodNames, methodOf } from './methods.js';

export interface CompressedOptions extends DecompressLimits {
  /** What is written; every method is read. @default 'gzip', which every Python has */
  readonly method?: MethodName | MethodAlias | undefined;
  /** gzip 0 to 9, bzip2 1 to 9, zstd 1 to 22, brotli 0 to 11; lzma has none. @default 6; 9; 3; 5 */
  readonly level?: number | undefined;
  /** What takes fewer bytes is stored as it is; so is what does not become smaller. @default 1024 */
  readonly minBytes?: number | undefined;
}

export interface DecompressLimits {
  /** The most that is made of one result, in bytes. @default 67_108_864 (64 MiB) */
  readonly maxBytes?: number | undefined;
  /** The most that is made of each compressed byte, once it is more than 1 MiB in all. @default 200 */
  readonly maxRatio?: number | undefined;
}

export interface Limits {
  readonly maxBytes: number;
  readonly maxRatio: number;
}

/** Too little to do harm; so that short results may be as repetitive as they like. */
const FREE_BYTES = 2 ** 20;

/** How much may be made of so many compressed bytes. */
export const allowedBytes = (compressed: number, { maxBytes, maxRatio }: Limits): number =>
  Math.min(maxBytes, Math.max(FREE_BYTES, Math.floor(compressed * maxRatio)));

/** The one place of the defaults. Errors: TypeError for what is out of its range. */
export function resolveLimits({ maxBytes = 67_108_864, maxRatio = 200 }: DecompressLimits): Limits {
  if (!(Number.isInteger(maxBytes) && maxBytes >= 1)) {
    throw new TypeError(`expected maxBytes as a whole number from 1 up, got ${maxBytes}`);
  }
  if (!(maxRatio >= 1)) throw new TypeError(`expected maxRatio as a number from 1 up, got ${maxRatio}`);
  return { maxBytes, maxRatio };
}

export function resolveWriting(options: CompressedOptions): {
  readonly method: Method;
  readonly level: number | undefined;
  readonly minBytes: number;
} {
  const { method: name = 'gzip', level, minBytes = 1_024 } = options;
  const method = methodOf(name);
  if (method === undefined)
    throw new TypeError(`expected method as one of ${methodNames()}, got ${JSON.stringify(name)}`);
  if (level !== undefined) {
    const [min, max] = method.levels ?? [];
    if (min === undefined || max === undefined) throw new TypeError(`expected no level: ${method.name} has but one`);
    if (!(Number.isInteger(level) && level >= min && level <= max)) {
      throw new TypeError(`expected level as a whole number from ${min} to ${max} for ${method.name}, got ${level}`);
    }
  }
  if (!(minBytes >= 0)) throw new TypeError(`expected minBytes as a number from 0 up, got ${minBytes}`);
  return { method, level, minBytes };
}
