import { setTimeout as delay } from 'node:timers/promises';
import { ResultError, throwIfAborted } from '@rb/core';
import { catchUpsOf, type Executor, type RunOptions, type Statement, type StatementResult } from '../executor.js';
import { type ConnectionsOptions, connections } from './connections.js';
import type { MysqlConnection } from './driver.js';
import { isConflict, isConnectionLoss, isStopped, isTaken, isUnprepared, isUnsent, toResultError } from './errors.js';
import { type GuardedStatement, isGuarded } from './guarded.js';
import { type Queries, type QueriesOptions, queriesOf } from './queries.js';
import { UNLIMITED } from './session-settings.js';

export interface MysqlExecutorOptions extends ConnectionsOptions, QueriesOptions {
  /** For messages. */
  readonly name: string;
}

/**
 * Pauses after a lost deadlock, at random up to these: doubled from the first to the last, so that of many who want the same rows
 * each gets its turn.
 */
const FIRST_PAUSE_MS = 5;
const LAST_PAUSE_MS = 200;

const statement = (sql: string): Statement => ({ sql, params: [] });
const BEGIN_WRITE = [statement('START TRANSACTION')];
/** One snapshot, which READ COMMITTED has not. */
const BEGIN_READ = [
  statement('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ'),
  statement('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'),
];
const COMMIT = statement('COMMIT');
const ROLLBACK = statement('ROLLBACK');

/** Runs statements on a pool: one by itself is one round trip, and so is a transaction where it fits into a packet. */
export function mysqlExecutor(options: MysqlExecutorOptions): Executor {
  const { acquire, release, close, ...rest } = connections(options);
  const queries = queriesOf(options, rest);
  let closed = false;

  const attempt = async (statements: readonly Statement[], running: RunOptions, onSent: () => void) => {
    const acquired = acquire(running.doing);
    const connection = acquired instanceof Promise ? await acquired : acquired;
    onSent();
    // What a deployment leaves in its session, a lock above all, goes with it.
    let usable = !running.unlimited;
    try {
      // While it waited for the connection.
      throwIfAborted(running.signal, running.doing);
      if (running.unlimited) await queries.send(connection, [statement(UNLIMITED)]);
      return await perform(queries, connection, statements, running);
    } catch (error) {
      if (isConnectionLoss(error)) usable = false;
      throw error;
    } finally {
      release(connection, usable);
    }
  };

  const run = async (statements: readonly Statement[], running: RunOptions): Promise<readonly StatementResult[]> => {
    const { write, unlimited, doing, signal } = running;
    if (statements.length === 0) return [];
    let caughtUp = false;
    // A deployment has an idea of its own of when to try again.
    const until = performance.now() + (unlimited ? 0 : options.queryTimeoutMs);
    for (let tries = 1; ; tries++) {
      if (closed) throw closedError(doing);
      throwIfAborted(signal, doing);
      let sent = false;
      try {
        return await attempt(statements, running, () => {
          sent = true;
        });
      } catch (error) {
        sent &&= !isUnsent(error);
        if (closed && !sent) throw closedError(doing);
        const catchUps: readonly Statement[] = isTaken(error) && !caughtUp ? catchUpsOf(statements) : [];
        // What only reads may be asked again where the connection died under it.
        const again = isConflict(error)
          ? performance.now() < until
          : catchUps.length > 0 || (tries === 1 && isConnectionLoss(error) && (isUnsent(error) || (!write && sent)));
        if (!again) throw toResultError(error, { doing, server: options.name, mayHaveLanded: write && sent });
        await run(catchUps, running);
        caughtUp ||= catchUps.length > 0;
        await delay(Math.random() * Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
      }
    }
  };

  return {
    run,
    async close() {
      if (closed) return;
      closed = true;
      await close(closedError('waiting for a connection'));
    },
  };
}

function perform(
  queries: Queries,
  connection: MysqlConnection,
  statements: readonly Statement[],
  running: RunOptions,
): Promise<StatementResult[]> {
  const { unlimited, during } = running;
  const [only] = statements;
  if (only === undefined || statements.length > 1 || during !== undefined) {
    const all = statements.flatMap((each) => (isGuarded(each) ? each.otherwise() : [each]));
    return transaction(queries, connection, all, running);
  }
  return isGuarded(only) ? guarded(queries, connection, only, running) : queries.send(connection, [only], unlimited);
}

async function guarded(
  queries: Queries,
  connection: MysqlConnection,
  put: GuardedStatement,
  running: RunOptions,
): Promise<StatementResult[]> {
  const { prepared, written } = put;
  try {
    await (prepared ? queries.execute(connection, put) : queries.send(connection, [put]));
    return [{ rows: written, changes: written.length }];
  } catch (error) {
    if (prepared && isUnprepared(error)) return guarded(queries, connection, { ...put, prepared: false }, running);
    if (!isStopped(error)) throw error;
    return transaction(queries, connection, put.otherwise(), running);
  }
}

async function transaction(
  { send }: Queries,
  connection: MysqlConnection,
  statements: readonly Statement[],
  { write, unlimited, during }: RunOptions,
): Promise<StatementResult[]> {
  const begin = write ? BEGIN_WRITE : BEGIN_READ;
  try {
    if (during === undefined)
      return (await send(connection, [...begin, ...statements, COMMIT], unlimited)).slice(begin.length, -1);
    const results = (await send(connection, [...begin, ...statements], unlimited)).slice(begin.length);
    await during(results);
    await send(connection, [COMMIT]);
    return results;
  } catch (error) {
    if (!isConnectionLoss(error)) await send(connection, [ROLLBACK]);
    throw error;
  }
}

const closedError = (doing: string): ResultError =>
  new ResultError('RB_CLOSED', `${doing} failed: the store is closed`);
