import type { Clause } from '../clause.js';
import { ABO } from './abo.js';
import { CON } from './con.js';
import { DUA } from './dua.js';
import { ENU } from './enu.js';
import { ERR } from './err.js';
import { EXP } from './exp.js';
import { FOR } from './for.js';
import { GRP } from './grp.js';
import { HAR } from './har.js';
import { LEA } from './lea.js';
import { LIF } from './lif.js';
import { MET } from './met.js';
import { MOD } from './mod.js';
import { REC } from './rec.js';
import { SER } from './ser.js';
import { STA } from './sta.js';
import { STO } from './sto.js';
import { WAI } from './wai.js';

/** The contract, clause by clause, in the order of its text. */
export const CLAUSES: readonly Clause[] = [
  ...HAR,
  ...LIF,
  ...STO,
  ...STA,
  ...MET,
  ...EXP,
  ...WAI,
  ...GRP,
  ...FOR,
  ...CON,
  ...SER,
  ...ERR,
  ...ABO,
  ...REC,
  ...LEA,
  ...ENU,
  ...DUA,
  ...MOD,
];
