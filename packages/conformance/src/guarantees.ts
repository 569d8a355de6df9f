import { GROUPS, groupOf } from './groups.js';
import { notChecked } from './not-checked.js';
import type { Report } from './report.js';

/** What a store promises and the kit has checked, as Markdown for its README: the same for every run that finds the same. */
export function guarantees(report: Report): string {
  const { contract, counts, clauses, profile } = report;
  const open = clauses.length - counts.pass - counts.fail - counts.warn;
  const verdict =
    counts.fail + counts.warn === 0 ? 'none fails' : `${counts.fail} MUST and ${counts.warn} SHOULD do not hold`;
  return [
    `Checked by \`@rb/conformance\` against contract ${contract}, profile ${profile}: ${counts.pass} clauses hold, ${verdict}, ${open} were not checked.`,
    '',
    ...table(['trait', ''], traitRows(report)),
    '',
    ...table(['clauses', 'hold', 'do not hold', 'not checked'], groupRows(report)),
  ].join('\n');
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );

function traitRows({ traits, capabilities, expiryResolutionMs }: Report): readonly (readonly string[])[] {
  if (traits === null) return [];
  const { durable, readers, maxBytes, keeps } = traits;
  const has = (name: string): string => (capabilities.includes(name) ? 'yes' : 'no');
  const late = expiryResolutionMs ? `, at most ${expiryResolutionMs} ms late` : '';
  return [
    ['readers', readers === 'any' ? 'any handle' : 'the owner of the reply route alone'],
    ['durable', durable ? 'yes' : 'no'],
    ['largest record', maxBytes === null ? 'no limit' : bytes(maxBytes)],
    ['keeps of `meta`', keeps === 'all' ? 'everything' : keeps.join(', ')],
    ['notify: waits are pushed', has('notify')],
    ['expiry: deadlines are honoured', `${has('expiry')}${late}${capabilities.includes('sweep') ? '; sweep()' : ''}`],
    ['groups', has('groups')],
    ['scan: enumeration', has('scan')],
    ['stats', has('stats')],
  ];
}

function groupRows({ clauses }: Report): readonly (readonly string[])[] {
  // What the harness does is no promise of the store.
  const known = GROUPS.map(({ id }) => id).filter((id) => id !== 'HAR');
  const ids = [
    ...known,
    ...new Set(clauses.map(({ id }) => groupOf(id)).filter((id) => id !== 'HAR' && !known.includes(id))),
  ];
  return ids.flatMap((id) => {
    const results = clauses.filter((clause) => groupOf(clause.id) === id);
    if (results.length === 0) return [];
    const title = GROUPS.find((group) => group.id === id)?.title;
    const failed = results.filter(({ status }) => status === 'fail' || status === 'warn');
    return [
      [
        title ? `${id} ${title}` : id,
        String(results.filter(({ status }) => status === 'pass').length),
        failed.map((result) => `${result.id} (${result.level})`).join(', '),
        notChecked(results)
          .map(({ ids: which, reason }) => `${which}: ${reason}`)
          .join('; '),
      ],
    ];
  });
}

const bytes = (count: number): string =>
  count % 2 ** 20 === 0 ? `${count / 2 ** 20} MiB` : `${count.toLocaleString('en-US')} bytes`;
