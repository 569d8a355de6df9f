import { isResultError, ResultError } from '@rb/core';
import type { SchemaDialect } from './dialect.js';
import { numberOf } from './dialect.js';
import type { Executor } from './executor.js';

export interface SchemaStatus {
  /** 0: no tables; 1: Celery's own; from 2 on: with this package's additions. Above `latest`: a newer package was here. */
  readonly current: number;
  readonly latest: number;
  /** What `deploy()` would run. */
  readonly pending: readonly string[];
}

/** What there is in the database. */
export interface Found {
  /** Column names by table; a missing table has no entry. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names of indexes and triggers, in lower case. */
  readonly objects: ReadonlySet<string>;
  /** What was recorded by the last `deploy()`; 0 where there was none. */
  readonly version: number;
}

/** Additive only: tables, nullable columns, indexes, triggers. Never drops or rewrites what it finds. */
export interface Migration {
  readonly version: number;
  /** What is missing of this version, judged by what there is: tables come and go with Celery, records of them do not. */
  pending(found: Found): readonly string[];
}

export interface SqlSchema {
  status(): Promise<SchemaStatus>;
  /**
   * Brings the tables to the latest version and returns what was run; nothing where nothing was to do.
   *
   * Atomic: yes, and safe when several processes do it at once.
   */
  deploy(): Promise<readonly string[]>;
}

/** How often another process may get ahead of a deployment before the error is taken at its word. */
const ATTEMPTS = 5;

export function sqlSchema(dialect: SchemaDialect, executor: Executor): SqlSchema & { find(): Promise<Found> } {
  const reading = { write: false, doing: 'looking at the tables' };

  const find = async (): Promise<Found> => {
    const found = dialect.found(await executor.run(dialect.inspect(), reading));
    if (!found.columns.has(dialect.versionTable)) return { ...found, version: 0 };
    const [version] = await executor.run([dialect.version()], reading);
    return { ...found, version: numberOf(version?.rows[0], 'version') };
  };

  const status = async (): Promise<SchemaStatus> => statusOf(dialect, await find());

  const deploy = async (): Promise<readonly string[]> => {
    for (let attempt = 1; ; attempt++) {
      const { latest, pending } = await status();
      if (pending.length === 0) return [];
      const statements = [...pending.map((sql) => ({ sql, params: [] })), ...dialect.record(latest)];
      try {
        await executor.run(dialect.locked(statements), { write: true, doing: 'deploying the schema', unlimited: true });
        return pending;
      } catch (error) {
        // A process that was faster makes ours fail as a whole, by a duplicate name: then look again.
        const lostRace = isResultError(error) && (error.code === 'RB_STORE' || error.code === 'RB_SCHEMA');
        if (!lostRace || attempt === ATTEMPTS) throw error;
      }
    }
  };

  return { find, status, deploy };
}

/** A newer package has its own idea of what belongs there, so it is left alone. */
function statusOf(dialect: SchemaDialect, found: Found): SchemaStatus {
  const latest = dialect.migrations.at(-1)?.version ?? 0;
  if (found.version > latest) return { current: found.version, latest, pending: [] };
  const pending = dialect.migrations.map(({ version, pending }) => ({ version, sql: pending(found) }));
  const first = pending.find(({ sql }) => sql.length > 0);
  return {
    current: first === undefined ? latest : first.version - 1,
    latest,
    // Two versions may want the same index.
    pending: [...new Set(pending.flatMap(({ sql }) => sql))],
  };
}

export const missingTables = (dialect: SchemaDialect): ResultError =>
  new ResultError(
    'RB_SCHEMA',
    `the table ${dialect.taskTable} does not exist; run the schema's deploy() once, or leave createTables on`,
  );

export const missingColumns = (dialect: SchemaDialect): ResultError =>
  new ResultError(
    'RB_SCHEMA',
    `the table ${dialect.taskTable} lacks this package's columns, so it can be read but not written; ` +
      "run the schema's deploy() once, or use layout: 'celery'",
  );
