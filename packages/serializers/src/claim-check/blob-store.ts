import type { CallOptions } from '@rb/core';

/**
 * Where large results are kept: three calls, so that a bucket of S3 is one of a few lines (PutObject, GetObject,
 * DeleteObjects). What it rejects with reaches the caller as it is where it is a ResultError, else as RB_STORE.
 */
export interface BlobStore {
  /** Keeps the bytes at least until then, and says under which key. */
  put(bytes: Uint8Array, options: BlobOptions): Promise<string>;
  /**
   * undefined: there is none, or not any more. The key comes from the store of the records: it must lead to nothing but
   * what was put here.
   */
  get(key: string, options?: CallOptions): Promise<Uint8Array | undefined>;
  /** Keys that are not there are passed over. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>;
  /** Removes at most so many that expired, and returns how many. Absent where the blobs' server does it. */
  sweep?(limit: number, options?: CallOptions): Promise<number>;
}

export interface BlobOptions extends CallOptions {
  /** Unix milliseconds; null = never. The deadline of the record. */
  readonly expiresAt: number | null;
}
