/** A caller's value in an error message: its type, and numbers and short option words themselves; never a payload. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return `${value}`;
  if (typeof value === 'string') return value.length <= 20 ? JSON.stringify(value) : `a string of ${value.length}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : `a ${typeof value}`;
}

/** Caller mistakes are TypeErrors, thrown before a store is called. */
export function expectId(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(`expected a non-empty string as ${what}, got ${describe(value)}`);
  }
}

export function expectIds(values: unknown, what: string): asserts values is readonly string[] {
  if (!Array.isArray(values)) throw new TypeError(`expected an array of strings as ${what}, got ${describe(values)}`);
  for (const value of values) expectId(value, `an entry of ${what}`);
}

export function expectTimeout(value: unknown): asserts value is number | undefined {
  if (value !== undefined && !(typeof value === 'number' && value >= 0)) {
    throw new TypeError(
      `expected timeoutMs as milliseconds from 0 up, or undefined for no limit, got ${describe(value)}`,
    );
  }
}
