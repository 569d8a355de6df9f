import { DUA_MOVE_SABOTEURS } from './dua-moves.js';
import { DUA_READ_SABOTEURS } from './dua-reads.js';
import { DUA_WHOLE_SABOTEURS } from './dua-whole.js';
import { DUA_WRITE_SABOTEURS } from './dua-writes.js';
import type { Saboteur } from './saboteur.js';

/** Dual write and migration. */
export const DUA_SABOTEURS: readonly Saboteur[] = [
  ...DUA_WHOLE_SABOTEURS,
  ...DUA_WRITE_SABOTEURS,
  ...DUA_READ_SABOTEURS,
  ...DUA_MOVE_SABOTEURS,
];
