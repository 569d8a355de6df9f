import type { Status } from './clause.js';
import { GROUPS, groupOf } from './groups.js';
import { notChecked } from './not-checked.js';
import type { Report } from './report.js';
import { productOf, verdictOf } from './verdict.js';

/** The end of a run on a terminal: by group, then what was not checked and why, then the verdict. */
export function formatSummary(report: Report): string {
  const { clauses, counts, profile, seed, ms } = report;
  const open = notChecked(clauses);
  return [
    '',
    ...GROUPS.flatMap(({ id, title }) => {
      const statuses = clauses.filter((clause) => groupOf(clause.id) === id).map(({ status }) => status);
      return statuses.length === 0 ? [] : `  ${id}  ${title.padEnd(22)} ${tally(statuses)}`;
    }),
    ...(open.length === 0 ? [] : ['', 'not checked:']),
    ...open.map(({ ids, reason }) => `  ${ids}\n      ${reason}`),
    '',
    'what no kit can show:',
    ...report.notVerifiable.map((each) => `  ${each}`),
    '',
    `${productOf(report)}, profile ${profile}, seed ${seed}`,
    `${tally(clauses.map(({ status }) => status))}, in ${(ms / 1000).toFixed(1)} s`,
    `${verdictOf(report)}${counts.warn === 0 ? '' : `; ${counts.warn} SHOULD ${counts.warn === 1 ? 'does' : 'do'} not hold`}`,
    '',
  ].join('\n');
}

function tally(statuses: readonly Status[]): string {
  const count = (...of: readonly Status[]): number => statuses.filter((status) => of.includes(status)).length;
  const failed = count('fail');
  const warned = count('warn');
  const open = statuses.length - count('pass', 'fail', 'warn');
  return [
    `${String(count('pass')).padStart(3)} hold`,
    ...(failed === 0 ? [] : [`${failed} FAIL`]),
    ...(warned === 0 ? [] : [`${warned} warn`]),
    ...(open === 0 ? [] : [`${open} not checked`]),
  ].join(', ');
}
