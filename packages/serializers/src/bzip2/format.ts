/** Digits of pi, and of its square root. */
export const BLOCK_MAGIC: readonly [number, number] = [0x314159, 0x265359];
export const END_MAGIC: readonly [number, number] = [0x177245, 0x385090];

/** Bytes of a block, for each level. */
export const BLOCK_UNIT = 100_000;

/** Symbols that share a table. */
export const GROUP = 50;

/** Of a code that is read; what is written is shorter. */
export const MAX_LENGTH = 20;
