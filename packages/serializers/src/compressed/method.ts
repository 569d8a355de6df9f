import { ResultError } from '@rb/core';

/** As kombu registers it; `levels` are the library's own. */
export interface Method {
  readonly name: MethodName;
  /** What Celery's marker and kombu's `compression` header say. */
  readonly contentType: string;
  readonly aliases: readonly string[];
  /** Lowest and highest level; undefined where there is but one. */
  readonly levels: readonly [number, number] | undefined;
  /** Whether the stream begins as this method's do, for what has no marker. */
  startsLike(bytes: Uint8Array): boolean;
  compress(bytes: Uint8Array, level?: number): Uint8Array;
  /**
   * Errors: TooLong as soon as the output passes `maxBytes`; RB_UNSUPPORTED where its library is not installed; anything else
   * where the stream is damaged, cut off or followed by something.
   */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

export type MethodName = 'gzip' | 'bzip2' | 'zstd' | 'brotli' | 'lzma';

/** kombu's other names, understood wherever a method is named. */
export type MethodAlias = 'zlib' | 'bzip' | 'zstandard' | 'xz';

/** The output passes the limit; nobody has to hold it. */
export class TooLong extends Error {}

export const notInstalled = (method: string, library: string, cause: unknown): ResultError =>
  new ResultError('RB_UNSUPPORTED', `${method} needs ${library}, which is not installed: npm install ${library}`, {
    cause,
  });
