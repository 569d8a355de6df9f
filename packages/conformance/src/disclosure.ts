/** Every text that a reader of an error may come across: messages, stacks, enumerable properties, causes. */
export function disclosed(error: unknown): readonly string[] {
  const texts: string[] = [];
  collect(error, texts, new Set(), MAX_DEPTH);
  return texts;
}

/** Drivers hang whole connections on their errors; what matters is near the top. */
const MAX_DEPTH = 6;

function collect(value: unknown, texts: string[], seen: Set<unknown>, depth: number): void {
  if (typeof value === 'string') texts.push(value);
  if (typeof value !== 'object' || value === null || depth === 0 || seen.has(value)) return;
  seen.add(value);
  if (ArrayBuffer.isView(value)) {
    texts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1'));
    return;
  }
  const { message, stack, cause } = value as Partial<Error>;
  for (const each of [message, stack, cause, ...Object.values(value)]) collect(each, texts, seen, depth - 1);
  if (value instanceof AggregateError) collect(value.errors, texts, seen, depth - 1);
}
