import { isResultError, ResultError } from '@rb/core';
import { type DeployOptions, deploying, type Plan, sqlOf } from './deploy.js';
import type { SchemaDialect } from './dialect.js';
import { numberOf } from './dialect.js';
import type { Executor } from './executor.js';
import { differences } from './schema-diff.js';

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
  /** What is there and not as it should be, in words, and is left as it is. */
  readonly wrong?: readonly string[] | undefined;
  /** What was recorded by the last `deploy()`; 0 where there was none. */
  readonly version: number;
}

/** Run with the others in one transaction; or `online`: what takes long, by itself, while others read and write. */
export type Step = string | { readonly online: string };

/** Additive only: tables, nullable columns, indexes, triggers. Never drops or rewrites what it finds, but its own broken indexes. */
export interface Migration {
  readonly version: number;
  /** What is missing of this version, judged by what there is: tables come and go with Celery, records of them do not. */
  pending(found: Found): readonly Step[];
}

export interface SqlSchema {
  status(): Promise<SchemaStatus>;
  /** How the tables differ from what they should be, a sentence per difference; those that `deploy()` does not change included. */
  diff(): Promise<readonly string[]>;
  /**
   * Brings the tables to the latest version and returns what was run; nothing where nothing was to do.
   *
   * Atomic: yes, but for indexes of tables that have rows, which are built one by one while others write. Safe when
   * several processes do it at once; what was cut off is repaired by the next one.
   */
  deploy(options?: DeployOptions): Promise<readonly string[]>;
}

export interface OpenSchema extends SqlSchema {
  find(): Promise<Found>;
  /** Whether something is missing that a first use needs to be correct. Indexes that take long are left to `deploy()`. */
  lacks(found: Found): boolean;
  /**
   * Makes that.
   *
   * Shape: the error where this user may not, or this server takes no writes: what is there may be read all the same.
   */
  deployAtOnce(): Promise<ResultError | undefined>;
}

export function sqlSchema(dialect: SchemaDialect, executor: Executor): OpenSchema {
  const reading = { write: false, doing: 'looking at the tables' };

  const find = async (): Promise<Found> => {
    const found = dialect.found(await executor.run(dialect.inspect(), reading));
    if (!found.columns.has(dialect.versionTable)) return { ...found, version: 0 };
    const [version] = await executor.run([dialect.version()], reading).catch((error: unknown) => {
      // A reader's rights are often on Celery's tables alone.
      if (isResultError(error) && error.code === 'RB_DENIED') return [];
      throw error;
    });
    return { ...found, version: numberOf(version?.rows[0], 'version') };
  };

  const { atOnce, online } = deploying(dialect, executor, async () => planOf(dialect, await find()));

  return {
    find,
    async status() {
      const { current, latest, steps } = planOf(dialect, await find());
      return { current, latest, pending: steps.map(sqlOf) };
    },
    async diff() {
      const found = await find();
      return differences(planOf(dialect, found), found);
    },
    async deploy(options = {}) {
      return [...(await atOnce(options)), ...(await online(options))];
    },
    lacks: (found) => planOf(dialect, found).steps.some((step) => typeof step === 'string'),
    async deployAtOnce() {
      try {
        await atOnce({ patienceMs: FIRST_USE_MS });
        return undefined;
      } catch (error) {
        if (isResultError(error) && (error.code === 'RB_DENIED' || dialect.isReadOnly?.(error))) return error;
        throw error;
      }
    },
  };
}

/** @param open Called for each call, which closes what it returns. */
export function schemaOf(dialect: SchemaDialect, open: () => Executor): SqlSchema {
  const use = async <T>(work: (schema: SqlSchema) => Promise<T>): Promise<T> => {
    const executor = open();
    try {
      return await work(sqlSchema(dialect, executor));
    } finally {
      await executor.close();
    }
  };
  return {
    status: () => use((schema) => schema.status()),
    diff: () => use((schema) => schema.diff()),
    deploy: (options) => use((schema) => schema.deploy(options)),
  };
}

/** How long a first use tries to get ahead of long transactions: its caller waits. */
const FIRST_USE_MS = 5_000;

/** A newer package has its own idea of what belongs there, so it is left alone. */
function planOf(dialect: SchemaDialect, found: Found): Plan {
  const latest = dialect.migrations.at(-1)?.version ?? 0;
  if (dialect.django && !isMigrated(dialect, found)) return { current: 0, latest, steps: [] };
  if (found.version > latest) return { current: found.version, latest, steps: [] };
  const pending = dialect.migrations.map(({ version, pending }) => ({ version, steps: pending(found) }));
  const first = pending.find(({ steps }) => steps.length > 0);
  const steps = new Map(pending.flatMap(({ steps }) => steps.map((step) => [sqlOf(step), step])));
  // Two versions may want the same index.
  return { current: first === undefined ? latest : first.version - 1, latest, steps: [...steps.values()] };
}

/** Version 1 where Django makes the tables: there is nothing that this package could do. */
export const OF_DJANGO: Migration = { version: 1, pending: () => [] };

const isMigrated = ({ taskTable, groupTable }: SchemaDialect, { columns }: Found): boolean =>
  columns.has(taskTable) && columns.has(groupTable);

/** The error of a first use, where one is. */
export function missingTables(dialect: SchemaDialect, found: Found): ResultError | undefined {
  const { taskTable, django } = dialect;
  if (django ? isMigrated(dialect, found) : found.columns.has(taskTable)) return undefined;
  const advice = django
    ? 'Django makes it: run `python manage.py migrate django_celery_results` (2.1 or later)'
    : "run the schema's deploy() once, or leave createTables on";
  const table = found.columns.has(taskTable) ? dialect.groupTable : taskTable;
  return new ResultError('RB_SCHEMA', `the table ${table} does not exist; ${advice}`);
}

export const missingColumns = (dialect: SchemaDialect): ResultError =>
  new ResultError(
    'RB_SCHEMA',
    `the table ${dialect.taskTable} lacks this package's columns, so it can be read but not written; ` +
      `run the schema's deploy() once, or use layout: '${dialect.django ? 'django' : 'celery'}'`,
  );
