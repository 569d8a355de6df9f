import { setTimeout as delay } from 'node:timers/promises';
import { ResultError, throwIfAborted } from '@rb/core';
import type { Executor, RunOptions, SqlParam, SqlRow, Statement, StatementResult } from '../executor.js';
import { type ConnectionsOptions, connections } from './connections.js';
import { type Bound, formsOf, type MysqlConnection } from './driver.js';
import { isConflict, isConnectionLoss, isStopped, isUnsent, toResultError } from './errors.js';
import { type GuardedStatement, isGuarded } from './guarded.js';
import { UNLIMITED } from './session-settings.js';

export interface MysqlExecutorOptions extends ConnectionsOptions {
  /** For messages. */
  readonly name: string;
  readonly escape: (value: unknown) => string;
}

/** Of statements in one packet: more than any batch of ordinary records, and a number of copies that does not hurt. */
const PACKET_CHARS = 4 * 2 ** 20;
/** A character of JavaScript in UTF-8. */
const MAX_CHAR_BYTES = 3;
/** Deadlocks are rare with rows in one order; whoever loses so often in a row is in some other trouble. */
const ATTEMPTS = 10;

const BEGIN_WRITE = ['START TRANSACTION'];
/** One snapshot, which READ COMMITTED has not. */
const BEGIN_READ = [
  'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ',
  'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
];

/** Runs statements on a pool: one by itself is one round trip, and so is a transaction where it fits into a packet. */
export function mysqlExecutor(options: MysqlExecutorOptions): Executor {
  const { acquire, release, maxPacketBytes, close } = connections(options);
  const forms = formsOf(options.owned);
  let closed = false;

  const query = async (connection: MysqlConnection, sql: string, unlimited = false): Promise<unknown> => {
    const timeout = unlimited ? {} : { timeout: options.queryTimeoutMs };
    const limit = maxPacketBytes(connection);
    if (sql.length * MAX_CHAR_BYTES > limit && Buffer.byteLength(sql) > limit) throw packetTooLarge();
    const [result] = await connection.query({ ...forms, sql, ...timeout });
    return result;
  };

  /** One result per text. */
  const send = async (
    connection: MysqlConnection,
    texts: readonly string[],
    unlimited?: boolean,
  ): Promise<StatementResult[]> => {
    const chars = texts.reduce((sum, { length }) => sum + length, 0);
    const together = options.owned && chars <= Math.min(PACKET_CHARS, maxPacketBytes(connection) / MAX_CHAR_BYTES);
    if (together && texts.length > 1)
      return ((await query(connection, texts.join(';\n'), unlimited)) as unknown[]).map(resultOf);
    const results: StatementResult[] = [];
    for (const text of texts) results.push(resultOf(await query(connection, text, unlimited)));
    return results;
  };

  /** Our own texts have no question mark but those of parameters, so they need not be read as SQL, which takes longer than to escape. */
  const formatted = ({ sql, params }: Statement): string => {
    if (params.length === 0) return sql;
    const pieces = sql.split('?');
    let text = pieces[0] ?? '';
    for (let i = 0; i < params.length; i++) text += options.escape(bound(params[i] ?? null)) + pieces[i + 1];
    return text;
  };

  const transaction = async (
    connection: MysqlConnection,
    statements: readonly Statement[],
    { write, unlimited, during }: RunOptions,
  ): Promise<StatementResult[]> => {
    const begin = write ? BEGIN_WRITE : BEGIN_READ;
    const texts = statements.map(formatted);
    try {
      if (during === undefined)
        return (await send(connection, [...begin, ...texts, 'COMMIT'], unlimited)).slice(begin.length, -1);
      const results = (await send(connection, [...begin, ...texts], unlimited)).slice(begin.length);
      await during(results);
      await query(connection, 'COMMIT');
      return results;
    } catch (error) {
      if (!isConnectionLoss(error)) await query(connection, 'ROLLBACK');
      throw error;
    }
  };

  /** Unlike in a text, bytes are sent as they are. */
  const execute = async (connection: MysqlConnection, { sql, params }: Statement): Promise<void> => {
    const values = params.map(bound);
    if (values.reduce(bytesAtMost, sql.length) > maxPacketBytes(connection)) throw packetTooLarge();
    await connection.execute({ ...forms, sql, values, timeout: options.queryTimeoutMs });
  };

  const guarded = async (connection: MysqlConnection, statement: GuardedStatement, running: RunOptions) => {
    try {
      if (statement.prepared) await execute(connection, statement);
      else await query(connection, formatted(statement));
      return [{ rows: statement.written, changes: statement.written.length }];
    } catch (error) {
      if (!isStopped(error)) throw error;
      return transaction(connection, statement.otherwise(), running);
    }
  };

  const perform = async (connection: MysqlConnection, statements: readonly Statement[], running: RunOptions) => {
    const [only] = statements;
    if (running.unlimited) await query(connection, UNLIMITED);
    if (statements.length > 1 || only === undefined || running.during !== undefined)
      return transaction(
        connection,
        statements.flatMap((statement) => (isGuarded(statement) ? statement.otherwise() : [statement])),
        running,
      );
    return isGuarded(only)
      ? guarded(connection, only, running)
      : send(connection, [formatted(only)], running.unlimited);
  };

  const attempt = async (statements: readonly Statement[], running: RunOptions, onSent: () => void) => {
    const connection = await acquire(running.doing);
    onSent();
    // What a deployment leaves in its session, a lock above all, goes with it.
    let usable = !running.unlimited;
    try {
      return await perform(connection, statements, running);
    } catch (error) {
      if (isConnectionLoss(error)) usable = false;
      throw error;
    } finally {
      release(connection, usable);
    }
  };

  const run = async (statements: readonly Statement[], running: RunOptions): Promise<readonly StatementResult[]> => {
    const { write, doing, signal } = running;
    if (statements.length === 0) return [];
    const start = performance.now();
    for (let tries = 1; ; tries++) {
      if (closed) throw closedError(doing);
      throwIfAborted(signal, doing);
      let sent = false;
      try {
        return await attempt(statements, running, () => {
          sent = true;
        });
      } catch (error) {
        if (isUnsent(error)) sent = false;
        if (closed && !sent) throw closedError(doing);
        if (!mayRepeat(error))
          throw toResultError(error, { doing, server: options.name, mayHaveLanded: write && sent });
        await delay(Math.random() * tries * 5);
      }

      function mayRepeat(error: unknown): boolean {
        // A deployment has an idea of its own of when to try again.
        if (isConflict(error))
          return !running.unlimited && tries < ATTEMPTS && performance.now() - start < options.queryTimeoutMs;
        // What only reads may be asked again where the connection died under it.
        return tries === 1 && isConnectionLoss(error) && (isUnsent(error) || (!write && sent));
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

/** As the server says it, if it says so at all: mostly it cuts the connection while the packet is still being sent. */
const packetTooLarge = (): Error =>
  Object.assign(new Error('more than max_allowed_packet'), { errno: 1153, code: 'ER_NET_PACKET_TOO_LARGE' });

const bytesAtMost = (sum: number, value: Bound): number =>
  sum + (typeof value === 'string' ? Buffer.byteLength(value) : Buffer.isBuffer(value) ? value.length : 8);

const closedError = (doing: string): ResultError =>
  new ResultError('RB_CLOSED', `${doing} failed: the store is closed`);

function bound(value: SqlParam): Bound {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError('expected no list as a parameter');
}

const resultOf = (result: unknown): StatementResult =>
  Array.isArray(result)
    ? { rows: result as SqlRow[], changes: 0 }
    : { rows: [], changes: Number((result as { affectedRows?: unknown } | undefined)?.affectedRows ?? 0) };
