import { CONTRACT_VERSION } from '@rb/core';
import { GROUPS, groupOf } from '../src/groups.js';
import type { Clause } from '../src/index.js';
import { NOT_VERIFIABLE } from '../src/not-checked.js';

/** The contract for people: docs/contract.md, from the clauses themselves. */
export const contractDocument = (clauses: readonly Clause[]): string =>
  [
    `# Contract ${CONTRACT_VERSION} of result stores, clause by clause`,
    '',
    'Generated from the clauses of `@rb/conformance`; its tests check that it is current. The types are those of `@rb/core`.',
    'A store MUST hold what it declares; what SHOULD hold is a warning where it does not. "Needs" says without which trait or',
    'capability of the store, or which power of the harness, a clause is not checked, and named as not checked.',
    '',
    ...GROUPS.flatMap(({ id, title, about }) => {
      const own = clauses.filter((clause) => groupOf(clause.id) === id);
      return own.length === 0 ? [] : [`## ${id} ${title}`, '', about, '', ...own.flatMap(section)];
    }),
    '## What no kit can show',
    '',
    ...NOT_VERIFIABLE.map((each) => `- ${each}`),
    '',
  ].join('\n');

const section = ({ id, level, since, surface, text, hint, source, needs = [] }: Clause): readonly string[] => [
  `### ${id}`,
  '',
  `**${level}** ${text}`,
  '',
  `- Hint: ${hint}`,
  `- Source: ${source}`,
  ...(needs.length === 0 ? [] : [`- Needs: ${needs.join(', ')}`]),
  ...(surface === 'backend' ? ['- Judged through the backend that holds the store'] : []),
  `- Since: ${since}`,
  '',
];
