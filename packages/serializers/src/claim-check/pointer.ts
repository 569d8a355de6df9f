import { createHash } from 'node:crypto';

/** What the record holds instead of its result: plain data, which every serializer and every Celery can read. */
export interface Pointer {
  readonly '@rb/claim-check': string;
  readonly bytes: number;
  /** Of the blob, in base64url. */
  readonly sha256: string;
}

export const pointerTo = (key: string, blob: Uint8Array): Pointer => ({
  '@rb/claim-check': key,
  bytes: blob.length,
  sha256: digestOf(blob),
});

/** By shape. A result of the caller's own that looks so is kept as a blob too, whatever its size. */
export function isPointer(value: unknown): value is Pointer {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 3) return false;
  const { '@rb/claim-check': key, bytes, sha256 } = value as Partial<Pointer>;
  return typeof key === 'string' && typeof bytes === 'number' && typeof sha256 === 'string';
}

export const fits = (blob: Uint8Array, { bytes, sha256 }: Pointer): boolean =>
  blob.length === bytes && digestOf(blob) === sha256;

const digestOf = (blob: Uint8Array): string => createHash('sha256').update(blob).digest('base64url');
