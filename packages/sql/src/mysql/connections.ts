import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isResultError, ResultError } from '@rb/core';
import { attempts } from '../connecting.js';
import { spareOf } from '../spare.js';
import { formsOf, type MysqlConnection, type MysqlPool } from './driver.js';
import { places } from './places.js';
import { sessionSettings } from './session-settings.js';

export interface ConnectionsOptions {
  readonly pool: MysqlPool;
  /** Whether the pool is ours, and ends with `close()`. */
  readonly owned: boolean;
  /** Most at once. */
  readonly size: number;
  /** Longest wait for a free connection, its making included. */
  readonly acquireTimeoutMs: number;
  /** Longest wait for the answer to one round trip. */
  readonly queryTimeoutMs: number;
  /** The server ends what takes longer. */
  readonly statementTimeoutMs?: number | undefined;
  /** From this age on a connection is closed when it is given back. */
  readonly maxLifetimeMs?: number | undefined;
}

export interface Connections {
  /** Connected, set up, and answering a moment ago. */
  acquire(doing: string): MysqlConnection | Promise<MysqlConnection>;
  /** What the server takes in one packet of this connection. */
  maxPacketBytes(connection: MysqlConnection): number;
  /** @param usable False where it is lost, or in a state that nobody knows. */
  release(connection: MysqlConnection, usable: boolean): void;
  /** Whoever waits for its answer is told that it was lost. */
  giveUp(connection: MysqlConnection, why: Error): void;
  /** Whoever waits is rejected. Idempotent. */
  close(closed: ResultError): Promise<void>;
}

/** How long what is under way has to end, once the store is closed. */
const GRACE_MS = 1_000;

/** A connection that rested for longer is asked whether it is still there, before a write trusts it. */
const PING_AFTER_MS = 1_000;

interface Known {
  readonly since: number;
  /** What the server takes in one packet. */
  readonly maxPacketBytes: number;
  usedAt: number;
}

export function connections(options: ConnectionsOptions): Connections {
  const { pool, acquireTimeoutMs, queryTimeoutMs: timeout, maxLifetimeMs = Number.POSITIVE_INFINITY } = options;
  const forms = formsOf(options.owned);
  const known = new WeakMap<object, Known>();
  const queue = places(options.size);
  const closing = new AbortController();
  const connect = attempts(() => pool.getConnection(), closing.signal);
  /** Those that are told of the end: one listener of a signal for each call takes longer than all the rest of it. */
  const waiting = new Set<(error: Error) => void>();
  const settings = sessionSettings(options);
  /** Connections in somebody's hands. */
  const lent = new Set<MysqlConnection>();
  /** How many of them work, as far as is known. */
  let working = 0;
  /** When a connection was last lost: the others were lost too where the server was started anew. */
  let lostAt = 0;

  /** A pool that takes back what its sessions were set to has them set up each time. */
  const { resetOnRelease }: { readonly resetOnRelease?: unknown } = pool.pool?.config ?? {};
  const forgets = resetOnRelease === true;

  const ask = async (connection: MysqlConnection, sql: string): Promise<unknown> =>
    (await connection.query({ ...forms, sql, timeout }))[0];

  const setUp = async (connection: MysqlConnection): Promise<Known> => {
    for (const sql of settings) await ask(connection, sql);
    const [row] = (await ask(connection, 'SELECT @@max_allowed_packet AS bytes')) as readonly {
      readonly bytes: number;
    }[];
    const now = performance.now();
    return { since: now, usedAt: now, maxPacketBytes: Number(row?.bytes) };
  };

  /** undefined where there is nothing to do. */
  const prepared = (connection: MysqlConnection): Promise<unknown> | undefined => {
    const found = known.get(connection.connection);
    if (found === undefined || forgets) return setUp(connection).then((made) => known.set(connection.connection, made));
    const rested = performance.now() - found.usedAt > PING_AFTER_MS || found.usedAt < lostAt;
    return rested ? ask(connection, 'DO 0') : undefined;
  };

  const within = (deadline: number, doing: string): Promise<MysqlConnection> =>
    new Promise((resolve, reject) => {
      const end = (): boolean => {
        clearTimeout(timer);
        return waiting.delete(leave);
      };
      const leave = (error: unknown): void => {
        if (end()) reject(error);
      };
      const timer = setTimeout(() => leave(late(doing)), Math.max(0, deadline - performance.now()));
      waiting.add(leave);
      connect().then((connection) => (end() ? resolve(connection) : connection.release()), leave);
    });

  const connected = async (doing: string, deadline: number): Promise<MysqlConnection> => {
    for (;;) {
      const connection = await within(deadline, doing);
      const stale = known.has(connection.connection);
      lent.add(connection);
      try {
        const preparing = prepared(connection);
        if (preparing !== undefined) await preparing;
        return connection;
      } catch (error) {
        lent.delete(connection);
        discard(connection);
        if (!stale || performance.now() >= deadline) throw error;
      }
    }
  };

  const acquire = async (doing: string): Promise<MysqlConnection> => {
    const deadline = performance.now() + acquireTimeoutMs;
    const place = queue.take(acquireTimeoutMs, () => late(doing));
    if (place !== undefined) await place;
    try {
      const connection = await connected(doing, deadline);
      working += 1;
      return connection;
    } catch (error) {
      // Nobody has one that the others could wait for. Whoever was merely late speaks for nobody else.
      if (working === 0 && !isResultError(error)) queue.refuse(error);
      queue.free();
      throw error;
    }
  };

  const returned = (connection: MysqlConnection): void => {
    lent.delete(connection);
    working -= 1;
    queue.free();
  };

  const giveBack = (connection: MysqlConnection): void => {
    connection.release();
    returned(connection);
  };

  // It keeps its place meanwhile.
  const spare = spareOf(giveBack);

  return {
    acquire: (doing) => spare.take() ?? acquire(doing),
    maxPacketBytes: ({ connection }) => known.get(connection)?.maxPacketBytes ?? Number.POSITIVE_INFINITY,
    release(connection, usable) {
      const now = performance.now();
      const found = known.get(connection.connection);
      if (found) found.usedAt = now;
      if (!usable) {
        lostAt = now;
        discard(connection);
        returned(connection);
      } else if (found && now - found.since > maxLifetimeMs) {
        connection.destroy();
        returned(connection);
      } else if (queue.isWanted() || !spare.keep(connection)) giveBack(connection);
    },
    giveUp: (connection, why) =>
      streamOf(connection)?.destroy(Object.assign(why, { code: 'PROTOCOL_SEQUENCE_TIMEOUT' })),
    async close(closed) {
      closing.abort();
      queue.refuse(closed);
      for (const leave of waiting) leave(closed);
      if (!options.owned) return;
      // Connections that answer nothing any more say no good-bye.
      await Promise.race([pool.end().catch(() => undefined), delay(GRACE_MS, undefined, { ref: false })]);
      for (const connection of lent) streamOf(connection)?.destroy(LOST);
    },
  };
}

/** mysql2 says good-bye and then waits for the other side, which may never answer. */
function discard(connection: MysqlConnection): void {
  connection.destroy();
  streamOf(connection)?.destroy();
}

const streamOf = ({ connection }: MysqlConnection): Duplex | undefined =>
  (connection as { readonly stream?: Duplex }).stream;

/** What whoever waits for an answer is told: whether it was carried out, nobody knows. */
const LOST = Object.assign(new Error('Connection lost: the store was closed'), { code: 'ECONNRESET' });

const late = (doing: string): ResultError =>
  new ResultError('RB_UNAVAILABLE', `${doing} failed: no connection was free in time; nothing was sent`);
