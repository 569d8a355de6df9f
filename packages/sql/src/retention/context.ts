import {
  abortable,
  type CallOptions,
  type ResultError,
  type Serializer,
  type TaskRecord,
  throwIfAborted,
} from '@rb/core';
import { CELERY } from '../celery-layout.js';
import type { Dialect, Statements } from '../dialect.js';
import type { Executor, Statement, StatementResult } from '../executor.js';
import { rowEncoder } from '../row-encoder.js';
import type { Found } from '../schema.js';
import { prepareTables } from '../session.js';
import { type TaskRow, type TaskRowCodec, taskRowCodec } from '../task-row.js';
import { type Dates, datesIn } from '../zones.js';
import type { RetentionDialect } from './statements.js';

export interface SqlRetentionOptions {
  readonly dialect: Dialect;
  /** @param found What the tables are like. */
  readonly retention: (extended: boolean, found: Found) => RetentionDialect;
  readonly openExecutor: () => Executor;
  readonly serializer: Serializer;
  readonly layout: 'extended' | 'celery';
  readonly deploy: boolean;
  readonly timeZone: string | undefined;
  readonly maxBytes: number;
  readonly now: () => number;
}

/** One call of a Retention, on tables whose shape is known. */
export interface Context {
  readonly statements: Statements;
  readonly retention: RetentionDialect;
  readonly codec: TaskRowCodec;
  /** How `date_done` is written. */
  readonly dates: Dates;
  readonly encode: (record: TaskRecord) => TaskRow | ResultError;
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
  /** Reads may take as long as they take: what is due may be far apart. */
  run(statements: readonly Statement[], write: boolean, doing: string): Promise<readonly StatementResult[]>;
}

/** Opens the database for one call. */
export async function withContext<T>(
  options: SqlRetentionOptions,
  { signal }: CallOptions,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const { dialect, layout, deploy, serializer } = options;
  throwIfAborted(signal, 'the retention');
  const executor = options.openExecutor();
  try {
    const { found, statements } = await prepareTables({
      ...{ dialect, executor, deploy },
      layout: CELERY,
      extended: layout === 'extended',
    });
    const dates = datesIn(options.timeZone);
    const codec = taskRowCodec(serializer, statements.extended, dates);
    return await work({
      statements,
      retention: options.retention(statements.extended, found),
      codec,
      dates,
      encode: rowEncoder(codec, dialect, CELERY, options.maxBytes),
      now: options.now,
      signal,
      run: (sql, write, doing) =>
        abortable(executor.run(sql, { write, doing, signal, unlimited: !write }), signal, doing),
    });
  } finally {
    await executor.close();
  }
}
