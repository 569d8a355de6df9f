/**
 * How a class of your own is stored in JSON: as `{"__type__": name, "__value__": ...}`, as Python's
 * `kombu.utils.json.register_type(cls, name, encoder, decoder)` reads and writes it.
 */
export interface JsonCodec<T = unknown> {
  readonly name: string;
  test(value: unknown): value is T;
  encode(value: T): unknown;
  decode(stored: unknown): T;
}

/** The markers of kombu itself. */
const TAKEN: ReadonlySet<string> = new Set(['datetime', 'date', 'time', 'decimal', 'uuid', 'bytes', 'base64']);

/**
 * A codec for `jsonSerializer({ codecs })`. The type is that of `test`.
 *
 *     codec('money', {
 *       test: (value) => value instanceof Money,
 *       encode: ({ amount, currency }) => [amount, currency],
 *       decode: (stored) => Money.parse(stored),
 *     })
 *
 * `test` is asked of class instances that JSON has no form for, as Python's json asks its `default`: never of plain
 * objects, arrays, dates, bytes and core's own value classes. `encode` gives anything that the serializer carries, values
 * of codecs too. `decode` gets what was stored, by whomever: it must check it.
 *
 * Errors: TypeError for a name that is empty or kombu's own. What `encode` throws becomes RB_ENCODE, what `decode` throws
 *         RB_DECODE, with the codec's name and without the message, which may quote the value.
 */
export function codec<T>(name: string, { test, encode, decode }: Omit<JsonCodec<T>, 'name'>): JsonCodec<T> {
  if (name === '' || TAKEN.has(name)) {
    throw new TypeError(`expected a name that kombu does not use itself (${[...TAKEN].join(', ')}), got "${name}"`);
  }
  return { name, test, encode, decode };
}
