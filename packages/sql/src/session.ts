import { abortable, isResultError, ResultError, throwIfAborted } from '@rb/core';
import type { Dialect, Statements } from './dialect.js';
import type { Executor, Statement, StatementResult } from './executor.js';
import type { Layout } from './layout.js';
import { type Found, missingColumns, missingTables, sqlSchema } from './schema.js';

type Build = (statements: Statements) => readonly Statement[];
type Call = (build: Build, doing: string, signal?: AbortSignal) => Promise<readonly StatementResult[]>;

/** Statements run against tables whose shape is known. */
export interface Session {
  readonly read: Call;
  readonly write: Call;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly dialect: Dialect;
  readonly executor: Executor;
  readonly layout: Layout;
  /** Whether to write this package's columns; false for exactly the others'. */
  readonly extended: boolean;
  /** Whether missing tables and columns are added on first use. */
  readonly deploy: boolean;
}

/** Looks at the tables once, on first use; brings them up to date where it may, else works with what is there. */
export function openSession(options: SessionOptions): Session {
  const { dialect, executor, extended } = options;
  let preparing: Promise<Prepared> | undefined;
  /** Of tables that lack nothing, once they have been looked at: so most calls have nothing to wait for. */
  let complete: Statements | undefined;
  let lookAgainAt = Number.POSITIVE_INFINITY;
  let trying: Promise<Prepared> | undefined;
  let closed = false;

  const isShort = ({ statements, refused }: Prepared): boolean =>
    refused !== undefined || (extended && !statements.extended);

  /** @param refused Where it is not to be tried again. */
  const prepare = (refused?: ResultError): Promise<Prepared> => {
    lookAgainAt = Number.POSITIVE_INFINITY;
    const looking = prepareTables(options, refused).then(
      (found) => {
        if (isShort(found)) lookAgainAt = performance.now() + LOOK_AGAIN_MS;
        else if (looking === preparing) complete = found.statements;
        return found;
      },
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    preparing = looking;
    return looking;
  };

  /** The next call looks again. */
  const forget = (): void => {
    preparing = undefined;
    complete = undefined;
  };

  const prepared = async (): Promise<Prepared> => {
    const last = await (preparing ?? prepare());
    return performance.now() >= lookAgainAt ? prepare(last.refused) : last;
  };

  const preparedToWrite = async (): Promise<Statements> => {
    const found = await prepared();
    if (!isShort(found)) return found.statements;
    // The right to deploy may have been given since, or somebody else has done it. Many who write at once ask once.
    trying ??= prepare().finally(() => {
      trying = undefined;
    });
    const again = await trying;
    if (isShort(again)) throw again.refused ?? missingColumns(dialect.schema);
    return again.statements;
  };

  const call = (write: boolean): Call => {
    const work = async (build: Build, doing: string, signal: AbortSignal | undefined) => {
      if (closed) throw new ResultError('RB_CLOSED', `${doing} failed: the store is closed`);
      throwIfAborted(signal, doing);
      const statements = complete ?? (write ? await preparedToWrite() : (await prepared()).statements);
      try {
        return await executor.run(build(statements), { write, doing, signal });
      } catch (error) {
        // Someone deploys, or has dropped a table.
        if (isResultError(error) && error.code === 'RB_SCHEMA') forget();
        throw error;
      }
    };
    return (build, doing, signal) => {
      const working = work(build, doing, signal);
      return signal === undefined ? working : abortable(working, signal, doing);
    };
  };

  return {
    read: call(false),
    write: call(true),
    close: () => {
      closed = true;
      return executor.close();
    },
  };
}

/** Where something is missing, somebody else may have made it. */
const LOOK_AGAIN_MS = 1_000;

interface Prepared {
  readonly found: Found;
  readonly statements: Statements;
  /** Why what is missing could not be made. */
  readonly refused: ResultError | undefined;
}

/**
 * Brings the tables up to date where it may, and looks at what there is. Errors: RB_SCHEMA where there are none.
 *
 * @param refusedBefore What came of the last attempt to make what is missing; then it is not tried again.
 */
export async function prepareTables(
  { dialect, executor, layout, extended, deploy }: SessionOptions,
  refusedBefore?: ResultError,
): Promise<Prepared> {
  const schema = sqlSchema(dialect.schema, executor);
  let found = await schema.find();
  let refused: ResultError | undefined;
  if (deploy && schema.lacks(found)) {
    refused = refusedBefore ?? (await schema.deployAtOnce());
    if (refused === undefined) found = await schema.find();
  }
  const missing = missingTables(dialect.schema, found);
  if (missing !== undefined) throw refused ?? missing;
  return { found, refused, statements: dialect.statements(extended && hasAdditions(dialect, layout, found), found) };
}

function hasAdditions({ schema }: Dialect, { additions }: Layout, found: Found): boolean {
  const columns = found.columns.get(schema.taskTable);
  return additions.every((column) => columns?.has(column));
}
