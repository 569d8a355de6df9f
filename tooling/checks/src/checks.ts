import { arrowProblems } from './arrows.ts';
import { changesetProblems } from './changesets.ts';
import { lockFileProblems, mentionProblems, topLevelProblems } from './layout.ts';

/** A rule of the repository as a function from its root to what breaks the rule. */
export interface Check {
  readonly name: string;
  readonly problems: (root: string) => readonly string[];
}

export const CHECKS: readonly Check[] = [
  { name: 'dependency arrows', problems: arrowProblems },
  { name: 'top level', problems: topLevelProblems },
  { name: 'mentions of other places', problems: mentionProblems },
  { name: 'hosts in the lock file', problems: lockFileProblems },
  { name: 'changesets', problems: changesetProblems },
];
