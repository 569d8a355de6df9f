export type SqlValue = string | number | bigint | Uint8Array | null;

/** A list only where the database takes one as a parameter. */
export type SqlParam = SqlValue | readonly SqlValue[];

/** Equal statements have equal `sql`, so that an executor can prepare each once. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly SqlParam[];
  /**
   * Run before another attempt where the sequence gave an id that a row has already: a restored dump may leave it behind. Only where
   * ids come from one.
   */
  readonly catchUp?: Statement | undefined;
}

/** Of a call that failed so. */
export const catchUpsOf = (statements: readonly Statement[]): readonly Statement[] =>
  statements.flatMap(({ catchUp }) => catchUp ?? []);

export type SqlRow = Readonly<Record<string, unknown>>;

export interface StatementResult {
  readonly rows: readonly SqlRow[];
  /** Rows inserted, updated or deleted; 0 for a query. */
  readonly changes: number;
}

export interface RunOptions {
  /** Several statements of a write are one transaction that takes the write lock at its start; of a read, one snapshot. */
  readonly write: boolean;
  /** What is going on, for error messages: `storing 3 records`. */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
  /** It may take as long as it takes: changing a large table does. */
  readonly unlimited?: boolean;
  /** Runs before the transaction ends, which so keeps its locks. Only where the database has `online` steps. */
  readonly during?: (results: readonly StatementResult[]) => Promise<void>;
}

/** Runs statements on one database: the only thing that a driver must bring. */
export interface Executor {
  /**
   * Connects on first use; a failed attempt is not remembered.
   *
   * Shape:  one result per statement, same order.
   * Atomic: all statements or none.
   * Errors: ResultErrors only. RB_ABORTED only where nothing was run.
   */
  run(statements: readonly Statement[], options: RunOptions): Promise<readonly StatementResult[]>;
  /** Idempotent. What waits is rejected with RB_CLOSED. */
  close(): Promise<void>;
}
