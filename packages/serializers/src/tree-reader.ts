/** What was read of a map: a plain object where every key is text, else a Map. */
export class Entries {
  #object: Record<string, unknown> = {};
  #map: Map<unknown, unknown> | undefined;

  set(key: unknown, value: unknown): void {
    if (this.#map === undefined && typeof key !== 'string') this.#map = new Map(Object.entries(this.#object));
    if (this.#map !== undefined) this.#map.set(key, value);
    else setOwn(this.#object, key as string, value);
  }

  has(key: unknown): boolean {
    return this.#map?.has(key) ?? (typeof key === 'string' && Object.hasOwn(this.#object, key));
  }

  get value(): unknown {
    return this.#map ?? this.#object;
  }
}

/** `object[key] = value` for keys of foreign data: assigning to `__proto__` would set the prototype instead. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else object[key] = value;
}

// A byte order mark is kept, as Python keeps it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Below this, building the string here is quicker than a call of TextDecoder. */
const SHORT = 24;

/** Errors: TypeError where the bytes are no UTF-8. */
export function strictText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT) return utf8.decode(bytes.subarray(start, end));
  let text = '';
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] as number;
    if (byte >= 0x80) return utf8.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}
