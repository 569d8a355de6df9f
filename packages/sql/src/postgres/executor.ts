import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ResultError, throwIfAborted } from '@rb/core';
import type { Executor, RunOptions, Statement, StatementResult } from '../executor.js';
import { connecting } from './connecting.js';
import { PARSERS, type PgClient, type PgPool } from './driver.js';
import { isConflict, isConnectionLoss, toResultError } from './errors.js';

export interface PostgresExecutorOptions {
  /** For messages. */
  readonly name: string;
  readonly pool: PgPool;
  /** Whether the pool is ours: it ends with the executor. */
  readonly owned: boolean;
  /** Longest wait for the answer to one statement. */
  readonly queryTimeoutMs: number;
  /** Whether statements are prepared once per connection, by name. */
  readonly prepare: boolean;
}

/** A connection that rested for longer is asked whether it is still there, before a write trusts it. */
const PING_AFTER_MS = 1_000;
/** Rows are written in one order, so deadlocks are rare; whoever loses so often in a row is in some other trouble. */
const ATTEMPTS = 10;
/** As many stale connections as a pool may have kept over a restart of the server, and then some. */
const STALE = 100;

/** How long what is under way has to end, once the store is closed. */
const GRACE_MS = 1_000;

const BEGIN_WRITE: Statement = { sql: 'BEGIN ISOLATION LEVEL READ COMMITTED', params: [] };
const BEGIN_READ: Statement = { sql: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', params: [] };
const COMMIT: Statement = { sql: 'COMMIT', params: [] };
const ROLLBACK: Statement = { sql: 'ROLLBACK', params: [] };
const PING: Statement = { sql: 'SELECT 1', params: [] };

/** Runs statements on a pool: one by itself is one round trip, several are a transaction. */
export function postgresExecutor(options: PostgresExecutorOptions): Executor {
  const { pool } = options;
  const usedAt = new WeakMap<PgClient, number>();
  const names = new Map<string, string>();
  const closing = new AbortController();
  // Every call listens while it waits for a connection.
  setMaxListeners(0, closing.signal);
  const connect = connecting(pool, closing.signal);
  const clients = new Set<PgClient>();
  let closed = false;
  // A connection of the pool that ends while nobody uses it is replaced by the pool; unheard, its error ends the process.
  const ignore = (): void => undefined;
  pool.on('error', ignore);
  if (options.owned) {
    pool.on('connect', (client) => clients.add(client));
    pool.on('remove', (client) => clients.delete(client));
  }

  const nameOf = (sql: string): string => {
    const name = names.get(sql) ?? `rb_${names.size}`;
    names.set(sql, name);
    return name;
  };

  const query = async (client: PgClient, { sql, params }: Statement, unlimited = false): Promise<StatementResult> => {
    const { command, rowCount, rows } = await client.query({
      text: sql,
      values: [...params],
      types: PARSERS,
      // Only what comes again and again: what it has as parameters.
      ...(options.prepare && params.length > 0 && { name: nameOf(sql) }),
      ...(!unlimited && { query_timeout: options.queryTimeoutMs }),
    });
    usedAt.set(client, performance.now());
    return { rows, changes: command === 'SELECT' ? 0 : (rowCount ?? 0) };
  };

  /** Connected, and answering a moment ago. */
  const acquire = async (doing: string): Promise<PgClient> => {
    for (let left = STALE; ; left--) {
      const client = await connect(doing);
      const last = usedAt.get(client);
      if (last === undefined) client.on('error', ignore);
      else if (performance.now() - last > PING_AFTER_MS) {
        try {
          await query(client, PING);
        } catch (error) {
          client.release(true);
          if (left === 0) throw error;
          continue;
        }
      }
      usedAt.set(client, performance.now());
      return client;
    }
  };

  const transaction = async (
    client: PgClient,
    statements: readonly Statement[],
    { write, unlimited, during }: RunOptions,
  ): Promise<StatementResult[]> => {
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

  const attempt = async (statements: readonly Statement[], running: RunOptions, onSent: () => void) => {
    const client = await acquire(running.doing);
    onSent();
    let lost = false;
    try {
      const [first] = statements;
      if (statements.length !== 1 || first === undefined) return await transaction(client, statements, running);
      return [await query(client, first, running.unlimited)];
    } catch (error) {
      lost = isConnectionLoss(error);
      throw error;
    } finally {
      client.release(lost);
    }
  };

  const run = async (statements: readonly Statement[], running: RunOptions): Promise<readonly StatementResult[]> => {
    const { write, doing, signal } = running;
    if (statements.length === 0) return [];
    for (let tries = 1; ; tries++) {
      if (closed) throw closedError(doing);
      throwIfAborted(signal, doing);
      let sent = false;
      try {
        return await attempt(statements, running, () => {
          sent = true;
        });
      } catch (error) {
        // What only reads may be asked again where the connection died under it.
        const again = isConflict(error) ? tries < ATTEMPTS : !write && sent && tries === 1 && isConnectionLoss(error);
        if (closed && !sent) throw closedError(doing);
        if (!again) throw toResultError(error, { doing, server: options.name, mayHaveLanded: write && sent });
        await delay(Math.random() * tries * 5);
      }
    }
  };

  return {
    run,
    async close() {
      if (closed) return;
      closed = true;
      closing.abort();
      if (!options.owned) {
        pool.off('error', ignore);
        return;
      }
      const ended = pool.end();
      await Promise.race([ended, delay(GRACE_MS, undefined, { ref: false })]);
      // What answers nothing any more says no good-bye either.
      for (const client of clients) client.connection.stream.destroy();
    },
  };
}

const closedError = (doing: string): ResultError =>
  new ResultError('RB_CLOSED', `${doing} failed: the store is closed`);
