/**
 * A value as it is now, for who hands it on later: a caller may change what it put. Instances of classes stay themselves,
 * because the value classes are immutable, and what no serializer carries is for a store to refuse.
 */
export const snapshot = <T>(value: T): T => copy(value, new Map()) as T;

function copy(value: unknown, seen: Map<object, object>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known) return known;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) return new Date(value as Date);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  const target: object = Array.isArray(value) ? [] : {};
  seen.set(value, target);
  for (const [key, inner] of Object.entries(value)) {
    // Not by assignment: a key may be `__proto__`.
    Object.defineProperty(target, key, { ...OWN, value: copy(inner, seen) });
  }
  return target;
}

const OWN = { writable: true, enumerable: true, configurable: true } as const;
