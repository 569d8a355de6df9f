import type { ResultError, ScanFilter } from '@rb/core';
import type { SqlRow, SqlValue, Statement, StatementResult } from './executor.js';
import type { Moment } from './moment.js';
import type { Found, Migration } from './schema.js';
import type { StoredRow } from './task-row.js';
import type { Written } from './watch-source.js';
import type { Dates } from './zones.js';

export interface ScanQuery {
  /** Row id, exclusive; 0 starts at the beginning. */
  readonly afterId: number;
  readonly limit: number;
  readonly filter: ScanFilter;
  readonly now: number;
  /** How `date_done` is written. */
  readonly dates: Dates;
}

interface GroupRow {
  readonly groupId: string;
  /** All but the group's id: those of the layout. */
  readonly columns: Readonly<Record<string, SqlValue>>;
  readonly expiresAt: number | null;
  /** Distinct ids. */
  readonly memberIds: readonly string[];
}

/**
 * Every statement of one database, for one shape of its tables. `now` is Unix milliseconds: a row whose deadline is not
 * after it does not exist. Ids go in as one parameter where the database can, so that equal calls are equal statements.
 */
export interface Statements {
  /** Whether the tables have this package's own columns. */
  readonly extended: boolean;
  /**
   * Conditional upsert: a live SUCCESS stays, anything else is replaced. Rows: `{ task_id }`, once per applied record.
   * The same id several times has the effect of one put after another.
   *
   * @param restoring What is stored stays, unless it has expired, or failed before what is put was done.
   */
  put(rows: readonly StoredRow[], now: number, restoring?: boolean): readonly Statement[];
  /** Rows: columns of the layout, and ours where they are there. */
  get(taskIds: readonly string[], now: number): Statement;
  /** Rows: `{ live }`, one per deleted row; 0 where it had expired. */
  delete(taskIds: readonly string[], now: number): readonly Statement[];
  /** Rows: `{ task_id, version }`; the version differs after every write, by whomever. */
  versions(taskIds: readonly string[]): Statement;
  /**
   * Where the database tells of writes: rows of `get` with `version`, and with `live`, 0 where a row has expired. Here and in
   * `versions` rows also say when they were read, and where there are none, one without an id does.
   */
  latest?(taskIds: readonly string[], now: number): Statement;
  /** When a row of these was read. */
  asOf?(row: SqlRow): Moment;
  /** The row that `latest` would have found after a write that was told with it; undefined where that does not say all of it. */
  told?(written: Written, now: number): SqlRow | undefined;
  /** One row `{ token }`, which differs from the last one where anything may have been written in between. Undefined: nothing cheap tells. */
  changeToken(): Statement | undefined;
  /** Rows: the same and `id`, in its order. */
  scan(query: ScanQuery): Statement;
  /** Rows: `{ status, n }` of all rows, then of the expired ones, then `date_done` (in MySQL with `rb_done_at`) of the oldest, then `{ bytes }`. */
  stats(now: number): readonly [Statement, Statement, Statement, Statement];
  /** Deletes expired rows, the longest expired first. A row `{ removed }` where it is not as many as rows were changed. */
  sweepTasks(limit: number, now: number): Statement;
  sweepGroups(limit: number, now: number): Statement;
  /** Replaces a group of the same id together with what was reported to it. */
  saveGroup(group: GroupRow): readonly Statement[];
  /** Rows: `id`, columns of the layout and `{ rb_expires_at, rb_size, rb_reported }`; the last two are null where no one has counted members yet. */
  loadGroup(groupId: string, now: number): Statement;
  /** Rows: `{ live }`. */
  deleteGroup(groupId: string, now: number): readonly Statement[];
  /** Makes a group that Celery saved countable; changes nothing where it already is, or is gone. */
  enrol(groupRowId: number, memberIds: readonly string[]): readonly Statement[];
  /** Counts a member once: the first statement changes one row, or none. The last one's row: `{ rb_reported, rb_size }`. */
  report(groupRowId: number, taskId: string): readonly Statement[];
}

/** What differs between databases. All members but `counted` are required: a new database answers every question. */
export interface Dialect {
  readonly name: string;
  /** @param found What the tables are like: ids may be given by a column or by a sequence. */
  statements(extended: boolean, found: Found): Statements;
  /** What of a row the database cannot hold at all, in words; such a record is refused, not the batch it is in. */
  unfit(row: StoredRow): string | undefined;
  /** What counts of a row of `get` and `scan`, where that is decided here rather than by the statement. */
  counted?(row: SqlRow): SqlRow;
  readonly schema: SchemaDialect;
}

export interface SchemaDialect {
  /** In ascending order of version. */
  readonly migrations: readonly Migration[];
  readonly taskTable: string;
  readonly groupTable: string;
  readonly versionTable: string;
  /** Whether Django makes the first two, and no one else may. */
  readonly django: boolean;
  /** What there is now of our tables and Celery's. */
  inspect(): readonly Statement[];
  found(results: readonly StatementResult[]): Omit<Found, 'version'>;
  /** One row `{ version }`, or none. Asked only where the version table exists. */
  version(): Statement;
  /** The statements of a deployment, between those that keep other deployments out where the database needs it. */
  locked(statements: readonly Statement[]): readonly Statement[];
  /** Remembers the version; empty where nothing may be added to the database. */
  record(version: number): readonly Statement[];
  /** Where others were in the way, so that it is worth another try: how long they are left alone before it. */
  readonly pauseMs?: (error: ResultError) => number | undefined;
  /** Whether the server, or the session, takes no writes. Absent: that is RB_DENIED. */
  readonly isReadOnly?: (error: ResultError) => boolean;
  /** Where steps are `online`. */
  readonly online?: {
    /** The first one's row `{ held }` is 1 where no one else has it; it ends with the transaction. */
    readonly lock: readonly Statement[];
    /** One row `{ part }` of what is being built, or none. Absent: the database does not tell. */
    readonly progress?: Statement;
  };
}

export const numberOf = (row: SqlRow | undefined, column: string): number => Number(row?.[column] ?? 0);
