import { ABO_SABOTEURS } from './abo.js';
import { CON_SABOTEURS } from './con.js';
import { DUA_SABOTEURS } from './dua.js';
import { ENU_SABOTEURS } from './enu.js';
import { ERR_SABOTEURS } from './err.js';
import { EXP_SABOTEURS } from './exp.js';
import { FOR_SABOTEURS } from './for.js';
import { GRP_SABOTEURS } from './grp.js';
import { HAR_SABOTEURS } from './har.js';
import { LEA_SABOTEURS } from './lea.js';
import { LIF_SABOTEURS } from './lif.js';
import { MET_SABOTEURS } from './met.js';
import { MOD_SABOTEURS } from './mod.js';
import { REC_SABOTEURS } from './rec.js';
import type { Saboteur } from './saboteur.js';
import { SER_SABOTEURS } from './ser.js';
import { STA_SABOTEURS } from './sta.js';
import { STO_SABOTEURS } from './sto.js';
import { WAI_SABOTEURS } from './wai.js';

/** In the order of the clauses that they violate. */
export const SABOTEURS: readonly Saboteur[] = [
  ...HAR_SABOTEURS,
  ...LIF_SABOTEURS,
  ...STO_SABOTEURS,
  ...STA_SABOTEURS,
  ...MET_SABOTEURS,
  ...EXP_SABOTEURS,
  ...WAI_SABOTEURS,
  ...GRP_SABOTEURS,
  ...FOR_SABOTEURS,
  ...CON_SABOTEURS,
  ...SER_SABOTEURS,
  ...ERR_SABOTEURS,
  ...ABO_SABOTEURS,
  ...REC_SABOTEURS,
  ...LEA_SABOTEURS,
  ...ENU_SABOTEURS,
  ...DUA_SABOTEURS,
  ...MOD_SABOTEURS,
];
