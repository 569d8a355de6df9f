import { ResultError } from '@rb/core';

/** Where a scan stands; what a page's cursor says. */
export interface Position {
  /** Servers that it has been through, by their run ids. */
  readonly done: readonly string[];
  /** The server that it goes through now; undefined where it has yet to begin with one. */
  readonly run?: string | undefined;
  /** Redis' own cursor there. */
  readonly cursor: string;
  /** Ids that came before it and did not fit into the page. */
  readonly left: readonly string[];
}

export const START: Position = { done: [], cursor: '0', left: [] };

export const formatPosition = ({ done, run, cursor, left }: Position): string =>
  JSON.stringify([cursor, run ?? null, done, left]);

/** Errors: RB_STORE where it is no cursor of ours. */
export function parsePosition(text: string): Position {
  try {
    const [cursor, run, done, left] = JSON.parse(text) as readonly unknown[];
    const isRun = run === null || typeof run === 'string';
    if (typeof cursor === 'string' && /^\d+$/.test(cursor) && isRun && isTexts(done) && isTexts(left))
      return { done, run: run ?? undefined, cursor, left };
  } catch {
    // Said below.
  }
  throw new ResultError('RB_STORE', 'the cursor is not one of a scan of Redis: begin without');
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
