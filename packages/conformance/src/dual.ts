import type { CallOptions, ResultError, ResultStore } from '@rb/core';

/** Two stores written and read as one, and the means of moving from one to the other: what the clauses DUA judge. */
export interface Dual {
  /** A store over two; closing it closes both. */
  create(options: DualOptions): ResultStore;
  /** Copies what the source holds and the target lacks. Rejects with what stopped it; `onPage` said how far it came. */
  backfill(options: BackfillOptions): Promise<void>;
  /** Compares what both hold; yields what they do not agree on. */
  verify(options: VerifyOptions): AsyncIterable<Difference>;
}

export interface DualOptions {
  /** Decides: what it refuses is refused, and it is read first. */
  readonly primary: ResultStore;
  /** Read where the primary has nothing; what it misses is told to `onDivergence`. */
  readonly secondary: ResultStore;
  readonly onDivergence: (divergence: Divergence) => void;
}

/** The secondary misses a record that the primary holds. */
export interface Divergence {
  readonly taskId: string;
  /** What the secondary said. */
  readonly error: ResultError;
}

export interface BackfillOptions extends CallOptions {
  readonly source: ResultStore;
  readonly target: ResultStore;
  /** Continue after the page that carried this cursor. */
  readonly after?: string | undefined;
  readonly pageSize?: number | undefined;
  /** Called when all records of a page are in the target: who keeps the cursor can go on from here. */
  readonly onPage?: ((cursor: string) => void) | undefined;
}

export interface VerifyOptions extends CallOptions {
  readonly primary: ResultStore;
  readonly secondary: ResultStore;
}

export interface Difference {
  readonly taskId: string;
  /** As seen from the primary: the secondary lacks it, has it alone, or has another record. */
  readonly kind: 'missing' | 'extra' | 'different';
}
