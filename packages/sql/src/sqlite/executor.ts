import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { ResultError, throwIfAborted } from '@rb/core';
import type { Executor, RunOptions, SqlRow, Statement, StatementResult } from '../executor.js';
import type { SqliteDatabase, SqliteStatement } from './driver.js';
import { isBusy, toResultError } from './errors.js';

export interface SqliteExecutorOptions {
  /** For messages. */
  readonly name: string;
  readonly open: () => Promise<SqliteDatabase>;
  /** Called after opening; what it returns tells whether that file is gone or another one by now. Absent: it has none. */
  readonly watchFile?: (() => () => boolean) | undefined;
  /** Whether closing the executor closes the database. */
  readonly owned: boolean;
  readonly busyTimeoutMs: number;
}

/** Between two tries for a lock: at first as long as a short write takes, then longer, each with up to as much again. */
const BUSY_DELAYS_MS = [1, 2, 5, 10, 20];

/** How long calls may follow one another before timers and sockets have their turn. */
const TURN_MS = 10;

/**
 * Answers synchronously once open, so that statements of different callers never mix on the one connection. Waits for locks
 * without stopping the event loop, and lets it turn between calls: promises alone would keep it until the last is done.
 */
export function sqliteExecutor(options: SqliteExecutorOptions): Executor {
  let opening: Promise<Connection> | undefined;
  let current: Connection | undefined;
  let closed = false;
  let turnedAt = performance.now();
  let turning: Promise<void> | undefined;

  /** All wait for the same turn, so that they go on in their order. */
  const turn = (): Promise<void> => {
    turning ??= nextTurn().then(() => {
      turning = undefined;
      turnedAt = performance.now();
    });
    return turning;
  };

  const connect = (): Promise<Connection> => {
    opening ??= options.open().then(
      (database) => {
        current = connection(database, options.watchFile?.());
        return current;
      },
      (error: unknown) => {
        opening = undefined; // The next call tries again.
        throw error;
      },
    );
    return opening;
  };

  /** The next call opens the file anew. Idempotent. */
  const drop = (connected: Connection): void => {
    if (connected !== current) return;
    opening = undefined;
    current = undefined;
    connected.close();
  };

  const run = async (statements: readonly Statement[], { write, doing, signal }: RunOptions) => {
    const deadline = performance.now() + options.busyTimeoutMs;
    for (let attempt = 0; ; attempt++) {
      try {
        if (closed) throw closedError(doing);
        const connected = await connect();
        while (performance.now() - turnedAt > TURN_MS) await turn();
        if (closed) throw closedError(doing);
        throwIfAborted(signal, doing);
        if (connected.isMoved()) {
          drop(connected);
          throw movedError(doing, options.name);
        }
        if (write && connected.isTaken()) throw takenError(doing);
        return connected.execute(statements, write);
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline)
          throw toResultError(error, { doing, database: options.name, write });
      }
      const pause = BUSY_DELAYS_MS[Math.min(attempt, BUSY_DELAYS_MS.length - 1)] ?? 0;
      await delay(pause * (1 + Math.random()));
    }
  };

  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    const connected = await opening?.catch(() => undefined);
    if (options.owned) connected?.close();
  };

  return { run, close };
}

const closedError = (doing: string): ResultError =>
  new ResultError('RB_CLOSED', `${doing} failed: the store is closed`);

/** Writing into it would be undone by its rollback, after the caller was told that it is stored. */
const takenError = (doing: string): ResultError =>
  new ResultError('RB_UNAVAILABLE', `${doing} failed: the given database has a transaction open; end it first`);

/** RB_SCHEMA: whatever was known of the tables is no longer so. Nothing was run, so the call may be repeated. */
const movedError = (doing: string, name: string): ResultError =>
  new ResultError(
    'RB_SCHEMA',
    `${doing} failed on SQLite database ${name}: the file was deleted or replaced; the next call opens it anew`,
    { retryable: true },
  );

interface Connection {
  isMoved(): boolean;
  /** Whether a transaction is open that is not ours, on a database that was passed in. */
  isTaken(): boolean;
  execute(statements: readonly Statement[], write: boolean): StatementResult[];
  close(): void;
}

function connection(database: SqliteDatabase, isMoved: () => boolean = () => false): Connection {
  const prepared = new Map<string, SqliteStatement>();

  const prepare = (sql: string): SqliteStatement => {
    let statement = prepared.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      // A database that was passed in may default to bigints; ids and deadlines stay below 2^53.
      if (statement.reader) statement.safeIntegers(false);
      prepared.set(sql, statement);
    }
    return statement;
  };

  const one = ({ sql, params }: Statement): StatementResult => {
    const statement = prepare(sql);
    if (!statement.reader) return { rows: [], changes: statement.run(...params).changes };
    const rows = statement.all(...params) as SqlRow[];
    return { rows, changes: rows.length };
  };

  const transaction = (statements: readonly Statement[], write: boolean): StatementResult[] => {
    prepare(write ? 'BEGIN IMMEDIATE' : 'BEGIN').run();
    try {
      const results = statements.map(one);
      prepare('COMMIT').run();
      return results;
    } catch (error) {
      // Some errors, such as a full disk, have rolled back already.
      if (database.inTransaction) prepare('ROLLBACK').run();
      throw error;
    }
  };

  const execute = (statements: readonly Statement[], write: boolean): StatementResult[] => {
    const together = statements.length > 1 && !database.inTransaction;
    return together ? transaction(statements, write) : statements.map(one);
  };

  return {
    isMoved,
    isTaken: () => database.inTransaction,
    execute,
    close: () => database.close(),
  };
}
