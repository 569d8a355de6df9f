import { setTimeout as delay } from 'node:timers/promises';
import { ResultError, throwIfAborted } from '@rb/core';
import type { Executor, RunOptions, SqlRow, Statement, StatementResult } from '../executor.js';
import type { MysqlConnection, MysqlPool } from './driver.js';
import { isConflict, isConnectionLoss, toResultError } from './errors.js';

export interface MysqlExecutorOptions {
  /** For messages. */
  readonly name: string;
  readonly pool: MysqlPool;
  readonly format: (sql: string, values: readonly unknown[]) => string;
  /** Whether the pool is ours: it ends with the executor, and several statements may go in one packet. */
  readonly owned: boolean;
  /** Longest wait for a free connection, its making included. */
  readonly acquireTimeoutMs: number;
  /** Longest wait for the answer to one round trip. */
  readonly queryTimeoutMs: number;
}

/** Every session, whatever the server's defaults: also what escaping text and comparing it rely on. */
const SESSION = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION autocommit = 1, sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'",
  'SET NAMES utf8mb4',
];

/** A connection that rested for longer is asked whether it is still there, before a write trusts it. */
const PING_AFTER_MS = 1_000;
/** Of statements in one packet; the smallest max_allowed_packet met is 16 MiB. */
const PACKET_CHARS = 4 * 2 ** 20;
/** Deadlocks are rare with rows in one order; whoever loses so often in a row is in some other trouble. */
const ATTEMPTS = 10;

/** Runs statements on a pool; a transaction in one round trip where it fits into a packet. */
export function mysqlExecutor(options: MysqlExecutorOptions): Executor {
  const usedAt = new WeakMap<object, number>();
  let closed = false;

  const query = async (connection: MysqlConnection, sql: string, unlimited = false): Promise<unknown> => {
    const [result] = await connection.query(unlimited ? { sql } : { sql, timeout: options.queryTimeoutMs });
    usedAt.set(connection.connection, performance.now());
    return result;
  };

  /** One result per text. */
  const send = async (
    connection: MysqlConnection,
    texts: readonly string[],
    unlimited?: boolean,
  ): Promise<StatementResult[]> => {
    const together = options.owned && texts.reduce((sum, { length }) => sum + length, 0) <= PACKET_CHARS;
    if (together && texts.length > 1)
      return ((await query(connection, texts.join(';\n'), unlimited)) as unknown[]).map(resultOf);
    const results: StatementResult[] = [];
    for (const text of texts) results.push(resultOf(await query(connection, text, unlimited)));
    return results;
  };

  /** Connected, set up, and answering a moment ago. */
  const acquire = async (doing: string): Promise<MysqlConnection> => {
    const deadline = performance.now() + options.acquireTimeoutMs;
    for (;;) {
      const connection = await within(options.pool, deadline, doing);
      const last = usedAt.get(connection.connection);
      try {
        if (last === undefined) await send(connection, SESSION);
        else if (performance.now() - last > PING_AFTER_MS) await query(connection, 'DO 0');
        return connection;
      } catch (error) {
        connection.destroy();
        if (last === undefined || performance.now() >= deadline) throw error; // Else it was stale: take another.
      }
    }
  };

  const transaction = async (
    connection: MysqlConnection,
    texts: readonly string[],
    unlimited?: boolean,
  ): Promise<StatementResult[]> => {
    try {
      return (await send(connection, ['START TRANSACTION', ...texts, 'COMMIT'], unlimited)).slice(1, -1);
    } catch (error) {
      // A session's lock of a deployment goes with its connection.
      if (isConflict(error) && !unlimited) await query(connection, 'ROLLBACK');
      else connection.destroy();
      throw error;
    }
  };

  const attempt = async (
    texts: readonly string[],
    { doing, unlimited }: RunOptions,
    onSent: () => void,
  ): Promise<StatementResult[]> => {
    const connection = await acquire(doing);
    onSent();
    try {
      const results = await (texts.length > 1
        ? transaction(connection, texts, unlimited)
        : send(connection, texts, unlimited));
      connection.release();
      return results;
    } catch (error) {
      if (isConnectionLoss(error)) connection.destroy();
      else connection.release();
      throw error;
    }
  };

  const run = async (statements: readonly Statement[], running: RunOptions) => {
    const { write, doing, signal } = running;
    const texts = statements.map(({ sql, params }) => options.format(sql, params.map(bindable)));
    for (let tries = 1; ; tries++) {
      if (closed) throw new ResultError('RB_CLOSED', `${doing} failed: the store is closed`);
      throwIfAborted(signal, doing);
      let sent = false;
      try {
        return await attempt(texts, running, () => {
          sent = true;
        });
      } catch (error) {
        // What only reads may be asked again where the connection died under it.
        const again = isConflict(error) ? tries < ATTEMPTS : !write && sent && tries === 1 && isConnectionLoss(error);
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
      // Connections that answer nothing any more say no good-bye.
      if (options.owned) await options.pool.end().catch(() => undefined);
    },
  };
}

async function within(pool: MysqlPool, deadline: number, doing: string): Promise<MysqlConnection> {
  const asked = pool.getConnection();
  const stop = new AbortController();
  const late = delay(Math.max(0, deadline - performance.now()), undefined, { signal: stop.signal }).then(() => {
    throw new ResultError('RB_UNAVAILABLE', `${doing} failed: no connection was free in time; nothing was sent`);
  });
  try {
    return await Promise.race([asked, late]);
  } catch (error) {
    asked.then(
      (connection) => connection.release(),
      () => undefined,
    );
    throw error;
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}

/** mysql2 knows Buffers only. */
const bindable = (value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;

const resultOf = (result: unknown): StatementResult =>
  Array.isArray(result)
    ? { rows: result as SqlRow[], changes: 0 }
    : { rows: [], changes: Number((result as { affectedRows?: unknown } | undefined)?.affectedRows ?? 0) };
