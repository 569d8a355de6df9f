import type { Report } from './report.js';

/** What shields.io's endpoint badge reads: https://shields.io/badges/endpoint-badge. */
export interface Badge {
  readonly schemaVersion: 1;
  readonly label: string;
  readonly message: string;
  readonly color: string;
}

/** `contract 1 · notify expiry groups · faults ✓` */
export function badge({ contract, conforms, counts, capabilities, faults, profile }: Report): Badge {
  const parts = conforms
    ? [capabilities.filter((name) => SHOWN.includes(name)).join(' '), faults && profile !== 'quick' ? 'faults ✓' : '']
    : [counts.fail === 0 ? 'nothing was checked' : `${counts.fail} MUST fail`];
  return {
    schemaVersion: 1,
    label: 'conformance',
    message: [`contract ${contract}`, ...parts].filter(Boolean).join(' · '),
    color: conforms ? 'brightgreen' : 'red',
  };
}

/** What users choose a store by. */
const SHOWN = ['notify', 'expiry', 'groups', 'scan'];
