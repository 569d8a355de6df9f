import type { ClauseResult } from './clause.js';
import { guarantees } from './guarantees.js';
import type { Report } from './report.js';
import { productOf, verdictOf } from './verdict.js';

/** One run as Markdown: for the summary page of a CI job, or for an issue. */
export function markdown(report: Report): string {
  const failed = report.clauses.filter(({ status }) => status === 'fail' || status === 'warn');
  return [
    `## ${verdictOf(report)}`,
    '',
    `${productOf(report)}, profile ${report.profile}, seed ${report.seed}, kit ${report.kit}, ${(report.ms / 1000).toFixed(1)} s`,
    '',
    ...failed.flatMap(failure),
    guarantees(report),
    '',
    `No kit can show: ${report.notVerifiable.join('; ')}.`,
    '',
  ].join('\n');
}

const failure = ({ id, level, text, observed, timeline = [] }: ClauseResult): readonly string[] => [
  `### ${level} ${id} does not hold`,
  '',
  `${text}`,
  '',
  '```',
  `observed: ${observed}`,
  ...timeline,
  '```',
  '',
];
