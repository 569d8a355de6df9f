/** Enough to tell a large value from a small one; beyond this many nodes the rest is extrapolated. */
const MAX_NODES = 1_000;
/** A number, a boolean, a key's quotes and separators ... */
const NODE_BYTES = 8;

/** Roughly how many bytes a value takes when encoded: strings and byte arrays by length, the rest by count. */
export function roughBytes(value: unknown): number {
  let bytes = 0;
  const queue: unknown[] = [value];
  for (let i = 0; i < queue.length; i += 1) {
    // What was queued is visited in full; only what lies deeper is left out.
    const node = queue[i];
    bytes += NODE_BYTES;
    if (typeof node === 'string') bytes += node.length;
    else if (node instanceof Uint8Array) bytes += node.byteLength;
    else if (typeof node === 'object' && node !== null && queue.length < MAX_NODES) {
      for (const child of Array.isArray(node) ? node : Object.values(node)) queue.push(child);
    }
  }
  return bytes;
}
