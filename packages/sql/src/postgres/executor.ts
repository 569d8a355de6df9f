import { setTimeout as delay } from 'node:timers/promises';
import { isResultError, ResultError, throwIfAborted } from '@rb/core';
import { catchUpsOf, type Executor, type RunOptions, type Statement, type StatementResult } from '../executor.js';
import { clientsOf } from './clients.js';
import type { PgClient, PgPool } from './driver.js';
import { isConflict, isConnectionLoss, isTaken, isUnsent, toResultError } from './errors.js';
import { type QueriesOptions, queriesOf } from './queries.js';

export interface PostgresExecutorOptions extends QueriesOptions {
  /** For messages. */
  readonly name: string;
  readonly pool: PgPool;
  readonly connect: () => Promise<PgClient>;
  /** Whether the pool is ours: it ends with the executor. */
  readonly owned: boolean;
  /** Connections beyond it are closed as soon as they are free. */
  readonly poolSize: number;
}

/** Rows are written in one order, so deadlocks are rare; whoever loses so often in a row is in some other trouble. */
const ATTEMPTS = 10;

const BEGIN_WRITE: Statement = { sql: 'BEGIN ISOLATION LEVEL READ COMMITTED', params: [] };
const BEGIN_READ: Statement = { sql: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', params: [] };
const COMMIT: Statement = { sql: 'COMMIT', params: [] };
const ROLLBACK: Statement = { sql: 'ROLLBACK', params: [] };
const PING: Statement = { sql: 'SELECT 1', params: [] };

/** Runs statements on a pool: one by itself is one round trip, several are a transaction. */
export function postgresExecutor(options: PostgresExecutorOptions): Executor {
  const { query, greet, renamed } = queriesOf(options);
  const clients = clientsOf({ ...options, greet, ping: (client) => query(client, PING) });
  let closed = false;

  const transaction = async (
    client: PgClient,
    statements: readonly Statement[],
    { write, doing, unlimited, during }: RunOptions,
  ): Promise<StatementResult[]> => {
    if (during && options.pool.options.max === 1)
      throw new ResultError('RB_UNSUPPORTED', `${doing} takes two connections, and the given pool has one`);
    await query(client, write ? BEGIN_WRITE : BEGIN_READ);
    try {
      const results: StatementResult[] = [];
      for (const statement of statements) results.push(await query(client, statement, unlimited));
      await during?.(results);
      await query(client, COMMIT);
      return results;
    } catch (error) {
      if (!isConnectionLoss(error)) await query(client, ROLLBACK);
      throw error;
    }
  };

  const run = async (statements: readonly Statement[], running: RunOptions): Promise<readonly StatementResult[]> => {
    const { write, doing, signal } = running;
    const [first] = statements;
    if (first === undefined) return [];
    for (let tries = 1; ; tries++) {
      if (closed) throw closedError(doing);
      throwIfAborted(signal, doing);
      let client: PgClient | undefined;
      let lost = false;
      let taken = false;
      try {
        const free = clients.take(doing);
        client = free instanceof Promise ? await free : free;
        if (statements.length > 1) return await transaction(client, statements, running);
        return [await query(client, first, running.unlimited)];
      } catch (error) {
        lost = client !== undefined && isConnectionLoss(error);
        const sent = client !== undefined && !isUnsent(error);
        const undone = isConflict(error) || (client && (isUnsent(error) || renamed(client, error)));
        // What only reads may be asked again where the connection died under it.
        const again = undone ? tries < ATTEMPTS : !write && lost && tries === 1;
        if (closed && !sent) throw closedError(doing);
        taken = isTaken(error);
        if (!again) throw toResultError(error, { doing, server: options.name, mayHaveLanded: write && sent });
      } finally {
        if (client !== undefined) clients.give(client, lost);
      }
      if (taken) await run(catchUpsOf(statements), running).catch(unlessDenied);
      await delay(Math.random() * tries * 5);
    }
  };

  return {
    run,
    async close() {
      if (closed) return;
      closed = true;
      await clients.close();
    },
  };
}

/** Whoever may only draw from a sequence goes on drawing. */
function unlessDenied(error: unknown): void {
  if (!isResultError(error) || error.code !== 'RB_DENIED') throw error;
}

const closedError = (doing: string): ResultError =>
  new ResultError('RB_CLOSED', `${doing} failed: the store is closed`);
