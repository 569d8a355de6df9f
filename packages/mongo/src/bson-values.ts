import { DateTime, Decimal, isKind, kindOf, Uuid } from '@rb/core';
import type { BSON } from 'mongodb';

/** What of a value BSON can hold, and whether it is all of it: what is read again is then the same value. */
interface Native {
  readonly value: unknown;
  readonly exact: boolean;
}

type Types = Pick<typeof BSON, 'Binary' | 'Decimal128' | 'Double' | 'Long' | 'UUID'>;

/** Documents in documents: MongoDB takes a hundred, with the record's own. */
const MAX_DEPTH = 90;

const NOTHING: Native = { value: null, exact: false };

/** Values <-> BSON, as pymongo writes and reads what Celery hands over without a serializer: arguments, stamps. */
export interface BsonValues {
  toNative(value: unknown): Native;
  /** Of what was deserialized with `useBigInt64`, and bytes as Binary. */
  fromNative(value: unknown): unknown;
  /** What a serializer made, text or bytes. */
  ofData(data: string | Uint8Array): unknown;
}

export function bsonValues({ Binary, Decimal128, Double, Long, UUID }: Types): BsonValues {
  const toNative = (value: unknown, depth = 0): Native => {
    if (value === null || value === undefined || typeof value === 'boolean')
      return { value: value ?? null, exact: true };
    if (typeof value === 'string') return { value, exact: isWellFormed(value) };
    if (typeof value === 'number') return { value: ofNumber(value), exact: true };
    if (typeof value === 'bigint') {
      const fits = BigInt.asIntN(64, value) === value;
      return fits ? { value: Long.fromBigInt(value), exact: true } : { value: String(value), exact: false };
    }
    if (typeof value !== 'object' || depth > MAX_DEPTH) return NOTHING;
    if (Array.isArray(value)) return ofItems(value, depth);
    if (value instanceof Uint8Array) return { value: new Binary(value), exact: true };
    return kindOf(value) === undefined ? ofObject(value, depth) : ofKind(value, depth);
  };

  /** The driver makes doubles of integers beyond 32 bits, which are ints to Python. */
  const ofNumber = (value: number): unknown => {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return new Double(value);
    return (value | 0) === value ? value : Long.fromNumber(value);
  };

  const ofItems = (items: readonly unknown[], depth: number): Native => {
    const all = items.map((item) => toNative(item, depth + 1));
    return { value: all.map(({ value }) => value), exact: all.every(({ exact }) => exact) };
  };

  const ofKind = (value: object, depth: number): Native => {
    // As in JSON.
    if (isKind(value, 'tuple')) return ofItems(value.items, depth);
    if (isKind(value, 'float')) return { value: new Double(value.value), exact: true };
    if (isKind(value, 'uuid')) return { value: new UUID(value.hex), exact: true };
    if (isKind(value, 'decimal')) return ofDecimal(value.value);
    return isKind(value, 'datetime') ? { ...ofDate(value), exact: false } : NOTHING;
  };

  const ofDate = (date: Date): Native =>
    Number.isNaN(date.getTime()) ? NOTHING : { value: new Date(date), exact: true };

  const ofDecimal = (text: string): Native => {
    try {
      const value = Decimal128.fromString(text);
      return { value, exact: value.toString() === text };
    } catch {
      return { value: text, exact: false };
    }
  };

  const ofObject = (value: object, depth: number): Native => {
    if (value instanceof Date) return ofDate(value);
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return NOTHING;
    const document: Record<string, unknown> = {};
    let exact = true;
    for (const [key, inner] of Object.entries(value)) {
      if (inner === undefined) continue;
      if (!isPlainKey(key)) return NOTHING;
      const native = toNative(inner, depth + 1);
      document[key] = native.value;
      exact &&= native.exact;
    }
    return { value: document, exact };
  };

  const fromNative = (value: unknown): unknown => {
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    if (Array.isArray(value)) return value.map(fromNative);
    const { _bsontype: type } = value as { readonly _bsontype?: unknown };
    if (type === undefined)
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromNative(inner)]));
    if (type === 'Binary') return ofBinary(value as BSON.Binary);
    return type === 'Decimal128' ? new Decimal(String(value)) : String(value);
  };

  const ofBinary = (value: BSON.Binary): unknown =>
    value.sub_type === Binary.SUBTYPE_UUID && value.length() === 16 ? new Uuid(value.toString('hex')) : bytesOf(value);

  return { toNative, fromNative, ofData: (data) => (typeof data === 'string' ? data : new Binary(data)) };
}

/** UTF-8, and so BSON, has no half of a surrogate pair. With the flag `u` a pair counts as one character, so only a half matches. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** Keys that every MongoDB stores, and that mean themselves in a document. */
export const isPlainKey = (key: string): boolean =>
  !key.startsWith('$') && !/[.\0]/.test(key) && isWellFormed(key) && key !== '__proto__';

/** The inverse of `ofData`; undefined for what no serializer made. */
export function dataOf(stored: unknown): string | Uint8Array | undefined {
  if (typeof stored === 'string') return stored;
  const isBinary = (stored as { readonly _bsontype?: unknown } | null | undefined)?._bsontype === 'Binary';
  return isBinary ? bytesOf(stored as BSON.Binary) : undefined;
}

const bytesOf = (value: BSON.Binary): Uint8Array => new Uint8Array(value.buffer.subarray(0, value.position));

/** A date with what BSON's milliseconds lack. */
export const withMicroseconds = (date: Date, microseconds: unknown): Date =>
  typeof microseconds === 'number' && Number.isInteger(microseconds) && microseconds > 0 && microseconds < 1_000
    ? new DateTime(date.getTime(), { microseconds })
    : date;
