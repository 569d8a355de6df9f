import type { Report } from './report.js';

/** The claim that a report backs; never less precise than "conforms to contract 1 (kit 1.4)". */
export function verdictOf({ store, conforms, contract, kit, counts }: Report): string {
  if (conforms) return `${store.name} conforms to contract ${contract} (kit ${kit})`;
  const why =
    counts.fail === 0
      ? 'no clause could be checked'
      : `${counts.fail} MUST ${counts.fail === 1 ? 'does' : 'do'} not hold`;
  return `${store.name} does not conform to contract ${contract} (kit ${kit}): ${why}`;
}

/** `acme 1.2 on Redis 7.4, Node.js 24.4`: what the results are about. */
export const productOf = ({ store, server, runtime }: Report): string =>
  [[store.name, store.version, server && `on ${server}`].filter(Boolean).join(' '), runtime].join(', ');
