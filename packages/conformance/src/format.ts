import type { Clause, ClauseResult } from './clause.js';
import { contractLink } from './contract-link.js';
import type { Harness } from './harness.js';
import { repeatCommand } from './repeat.js';
import type { Suite } from './suite.js';

/** Enough to see what led there; the report has more. */
const MAX_TIMELINE = 16;

/** A clause that does not hold, for who meets the kit for the first time: what was seen, after which calls, what to do. */
export function formatFailure(clause: Clause, result: ClauseResult, harness: Harness, suite: Suite): string {
  const { id, level, text, hint, source } = clause;
  const rows: readonly (readonly [label: string, lines: readonly string[]])[] = [
    ['observed', [`${result.observed}  (seed ${suite.seed})`]],
    ['timeline', shortened(result.timeline ?? [])],
    ['hint', [hint]],
    ['contract', [contractLink(id)]],
    ['source', [source]],
    ['repeat', [repeatCommand(harness, suite, id)]],
  ];
  return [`${level === 'MUST' ? '✗' : '!'} ${level} ${id}  ${text}`, ...rows.flatMap(row)].join('\n');
}

const row = ([label, lines]: readonly [string, readonly string[]]): readonly string[] =>
  lines.flatMap((line) => line.split('\n')).map((line, at) => `  ${(at === 0 ? label : '').padEnd(10)} ${line}`);

const shortened = (timeline: readonly string[]): readonly string[] =>
  timeline.length <= MAX_TIMELINE
    ? timeline
    : [`(${timeline.length - MAX_TIMELINE} lines before)`, ...timeline.slice(-MAX_TIMELINE)];
