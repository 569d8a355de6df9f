import { bzip2 } from './bzip2.js';
import type { Method } from './method.js';
import { brotli, gzip, zstd } from './node-zlib.js';
import { xz } from './xz.js';

const METHODS: readonly Method[] = [gzip, bzip2, zstd, brotli, xz];

const BY_NAME: ReadonlyMap<string, Method> = new Map(
  METHODS.flatMap((method) => [method.name, method.contentType, ...method.aliases].map((name) => [name, method])),
);

/** By name, alias or content type; undefined where there is none of that name. */
export const methodOf = (name: string): Method | undefined => BY_NAME.get(name);

export const methodNames = (): string => METHODS.map(({ name }) => name).join(', ');

/** Of a stream without a marker. Brotli has nothing to be known by. */
export const methodByStart = (bytes: Uint8Array): Method | undefined =>
  METHODS.find((method) => method.startsLike(bytes));
