/** Numbers that a seed determines, so that a run can be repeated. */
export interface Random {
  /** An integer from 0 up, below `limit`. */
  below(limit: number): number;
  shuffle<T>(items: readonly T[]): T[];
}

/** The generator mulberry32: 32 bits of state, plenty for orders and choices. Source: https://github.com/cprosche/mulberry32. */
export function randomOf(seed: number, salt = ''): Random {
  let state = [...salt].reduce((hash, char) => Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193), seed | 0);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    shuffle(items) {
      const order = [...items];
      for (let i = order.length - 1; i > 0; i -= 1) {
        const j = below(i + 1);
        [order[i], order[j]] = [order[j] as (typeof order)[0], order[i] as (typeof order)[0]];
      }
      return order;
    },
  };
}
