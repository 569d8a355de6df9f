/** A number, a boolean, a string's quotes, a key and its separators ... */
const NODE_BYTES = 8;

/** How many arrays and objects inside a value are looked at, about; the others count as what is average among these. */
const MAX_NODES = 1_000;

/**
 * Roughly how many bytes a value takes when encoded: strings and byte arrays by length, the rest by count.
 * Bounded whatever the value: a large one costs a fraction of its encoding, a cyclic one ends.
 */
export function roughBytes(value: unknown, budget: number = MAX_NODES): number {
  if (typeof value !== 'object' || value === null) return leafBytes(value);
  if (ArrayBuffer.isView(value)) return NODE_BYTES + value.byteLength;
  let bytes = NODE_BYTES;
  let inner: object[] | undefined;
  for (const child of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof child !== 'object' || child === null) bytes += leafBytes(child);
    else if (inner === undefined) inner = [child];
    else inner.push(child);
  }
  return inner === undefined || budget < 1 ? bytes : bytes + sampledBytes(inner, budget);
}

const leafBytes = (value: unknown): number => (typeof value === 'string' ? NODE_BYTES + value.length : NODE_BYTES);

/** Evenly spread, so that neither the first nor the last of a long list speaks for all. */
function sampledBytes(inner: readonly object[], budget: number): number {
  const samples = Math.min(inner.length, Math.ceil(Math.sqrt(budget)));
  let sum = 0;
  for (let i = 0; i < samples; i += 1) {
    sum += roughBytes(inner[Math.floor((i * inner.length) / samples)], (budget - 1) / samples);
  }
  return (sum * inner.length) / samples;
}
