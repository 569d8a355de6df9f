import { stdout } from 'node:process';
import type { Clause, ClauseResult } from '../clause.js';

/** What is shown while a run goes on. */
export interface Progress {
  start(clause: Clause, position: { readonly at: number; readonly of: number }): void;
  end(result: ClauseResult): void;
  /** Something to keep on the screen. */
  say(text: string): void;
}

/** One line that changes on a terminal; a line per clause elsewhere, where logs are read afterwards. */
export const progress = (): Progress => (stdout.isTTY ? changingLine(stdout.columns) : lines());

const CLEAR_LINE = '\r\x1b[2K';

const changingLine = (columns: number): Progress => ({
  start({ id, text }, { at, of }) {
    stdout.write(`${CLEAR_LINE}${`${at + 1}/${of} ${id} ${text}`.slice(0, columns - 1)}`);
  },
  end: () => stdout.write(CLEAR_LINE),
  say: (text) => stdout.write(`${CLEAR_LINE}${text}\n`),
});

const lines = (): Progress => ({
  start() {},
  end({ id, status, reason, ms }) {
    const took = reason ?? `${ms.toFixed(0)} ms`;
    stdout.write(`${status.padEnd(14)} ${id.padEnd(7)} ${took}\n`);
  },
  say: (text) => stdout.write(`${text}\n`),
});
