import type { Clause } from '../clause.js';
import { DUA_FINAL } from './dua-final.js';
import { DUA_MOVES } from './dua-moves.js';
import { DUA_READS } from './dua-reads.js';
import { DUA_WHOLE } from './dua-whole.js';
import { DUA_WRITES } from './dua-writes.js';

const numberOf = ({ id }: Clause): number => Number(id.slice('DUA-'.length));

/** Dual write and migration. The files are by subject. */
export const DUA: readonly Clause[] = [...DUA_WHOLE, ...DUA_WRITES, ...DUA_FINAL, ...DUA_READS, ...DUA_MOVES].sort(
  (a, b) => numberOf(a) - numberOf(b),
);
