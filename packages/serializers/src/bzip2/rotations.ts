/**
 * Burrows and Wheeler's transform: the last byte of every rotation, the rotations being sorted, and which of them is the block.
 *
 * By doubling what has been compared, with counting sorts: time by the length and its logarithm, whatever the block holds.
 */
export function sortRotations(block: Uint8Array): { readonly last: Uint8Array; readonly origin: number } {
  const { length } = block;
  const order = orderOf(block);
  const last = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) last[i] = block[((order[i] as number) + length - 1) % length] as number;
  return { last, origin: order.indexOf(0) };
}

function orderOf(block: Uint8Array): Uint32Array {
  const { length } = block;
  let rank = Uint32Array.from(block);
  const order = new Uint32Array(length);
  const shifted = new Uint32Array(length);
  for (let i = 0; i < length; i += 1) shifted[i] = i;
  let ranks = 256;
  // At first by one byte, then by twice as much each time, until all differ or everything has been compared.
  for (let compared = 0; ; compared = compared === 0 ? 1 : compared * 2) {
    countingSort(shifted, rank, ranks, order);
    const next = new Uint32Array(length);
    ranks = 1;
    for (let i = 1; i < length; i += 1) {
      const [a, b] = [order[i] as number, order[i - 1] as number];
      const differs =
        rank[a] !== rank[b] || (compared > 0 && rank[(a + compared) % length] !== rank[(b + compared) % length]);
      if (differs) ranks += 1;
      next[a] = ranks - 1;
    }
    rank = next;
    if (ranks === length || compared * 2 >= length) return order;
    const step = compared === 0 ? 1 : compared * 2;
    // Sorted by their second halves already.
    for (let i = 0; i < length; i += 1) shifted[i] = ((order[i] as number) + length - (step % length)) % length;
  }
}

/** Stable, into `sorted`. */
function countingSort(items: Uint32Array, rank: Uint32Array, ranks: number, sorted: Uint32Array): void {
  const starts = new Uint32Array(ranks + 1);
  for (const each of rank) starts[each + 1] = (starts[each + 1] as number) + 1;
  for (let i = 1; i <= ranks; i += 1) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
  for (const item of items) {
    const each = rank[item] as number;
    sorted[starts[each] as number] = item;
    starts[each] = (starts[each] as number) + 1;
  }
}
