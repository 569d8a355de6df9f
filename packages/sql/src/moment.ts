/** Which transactions a read has seen: all of a number below `next`, but those that were still running. */
export interface Moment {
  readonly next: number;
  readonly running: readonly number[];
}

/** Whether the read came before the end of that transaction, and so shows nothing of it. */
export const isBefore = ({ next, running }: Moment, transaction: number): boolean =>
  transaction >= next || running.includes(transaction);

/** The later of two; answers may come in another order than that in which they were read. */
export function later(a: Moment | undefined, b: Moment | undefined): Moment | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.next !== b.next) return a.next > b.next ? a : b;
  // While no other begins, transactions only end.
  return a.running.length < b.running.length ? a : b;
}
