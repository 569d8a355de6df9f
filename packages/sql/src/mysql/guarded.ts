import type { SqlRow, Statement } from '../executor.js';

/**
 * A write that is all or nothing by itself: the server stops it, with an error that nothing else causes, where a row may not be
 * written. So that nearly every put is one autocommit statement, without a question which rows it wrote.
 */
export interface GuardedStatement extends Statement {
  /** Where it is of several rows: the text between the values, one more than there are; `sql` is that of one. */
  readonly pieces?: readonly string[];
  /** Answered where it was not stopped. */
  readonly written: readonly SqlRow[];
  /** In one transaction in its place, where it was. Made only then. */
  otherwise(): readonly Statement[];
  /** Whether it is to be prepared: its text comes again and again. */
  readonly prepared: boolean;
}

export const isGuarded = (statement: Statement): statement is GuardedStatement => 'otherwise' in statement;
