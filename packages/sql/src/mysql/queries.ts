import type { SqlParam, SqlRow, Statement, StatementResult } from '../executor.js';
import { watchdog } from '../watchdog.js';
import type { Connections } from './connections.js';
import { type Bound, formsOf, type MysqlConnection, plainOf } from './driver.js';
import { isGuarded } from './guarded.js';

export interface QueriesOptions {
  readonly escape: (value: unknown) => string;
  /** Whether several statements may go in one packet. */
  readonly owned: boolean;
  /** Longest wait for the answer to one round trip. */
  readonly queryTimeoutMs: number;
}

export interface Queries {
  /** As text. One result per statement, in one round trip where they fit into a packet. */
  send(connection: MysqlConnection, statements: readonly Statement[], unlimited?: boolean): Promise<StatementResult[]>;
  /** Prepared once per connection. */
  execute(connection: MysqlConnection, statement: Statement): Promise<unknown>;
}

/** Of statements in one packet: more than any batch of ordinary records, and a number of copies that does not hurt. */
const PACKET_CHARS = 4 * 2 ** 20;
/** A character of JavaScript in UTF-8. */
const MAX_CHAR_BYTES = 3;

export function queriesOf(
  { escape: escaped, owned, queryTimeoutMs }: QueriesOptions,
  { maxPacketBytes, giveUp }: Pick<Connections, 'maxPacketBytes' | 'giveUp'>,
): Queries {
  const forms = formsOf(owned);
  const watched = watchdog(queryTimeoutMs, giveUp);

  const query = async (connection: MysqlConnection, sql: string, unlimited?: boolean): Promise<unknown> => {
    const limit = maxPacketBytes(connection);
    if (sql.length * MAX_CHAR_BYTES > limit && Buffer.byteLength(sql) > limit) throw packetTooLarge();
    return watched(connection, (answer) => plainOf(connection).query({ ...forms, sql }, answer), unlimited);
  };

  /** Our own texts have no question mark but those of parameters, so they need not be read as SQL, which takes longer than to escape. */
  const formatted = (statement: Statement): string => {
    const { sql, params } = statement;
    if (params.length === 0) return sql;
    const pieces = (isGuarded(statement) ? statement.pieces : undefined) ?? sql.split('?');
    let text = pieces[0] ?? '';
    for (let i = 0; i < params.length; i++) text += literal(params[i] ?? null) + pieces[i + 1];
    return text;
  };

  /** Most values need no look at what they might be. */
  const literal = (value: SqlParam): string => {
    if (value === null) return 'NULL';
    if (typeof value === 'number') return String(value);
    if (value instanceof Uint8Array) return `X'${hexOf(value)}'`;
    return escaped(bound(value));
  };

  return {
    async send(connection, statements, unlimited) {
      const texts = statements.map(formatted);
      const chars = texts.reduce((sum, { length }) => sum + length, 0);
      const fit = chars <= Math.min(PACKET_CHARS, maxPacketBytes(connection) / MAX_CHAR_BYTES);
      if (owned && fit && texts.length > 1)
        return ((await query(connection, texts.join(';\n'), unlimited)) as unknown[]).map(resultOf);
      const results: StatementResult[] = [];
      for (const text of texts) results.push(resultOf(await query(connection, text, unlimited)));
      return results;
    },
    execute: (connection, { sql, params }) =>
      watched(connection, (answer) => {
        const values = params.map(bound);
        // Unlike in a text, bytes are sent as they are.
        if (values.reduce(bytesAtMost, sql.length) > maxPacketBytes(connection)) throw packetTooLarge();
        plainOf(connection).execute({ ...forms, sql, values }, answer);
      }),
  };
}

/** As the server says it, if it says so at all: mostly it cuts the connection while the packet is still being sent. */
const packetTooLarge = (): Error =>
  Object.assign(new Error('more than max_allowed_packet'), { errno: 1153, code: 'ER_NET_PACKET_TOO_LARGE' });

const bytesAtMost = (sum: number, value: Bound): number =>
  sum + (typeof value === 'string' ? Buffer.byteLength(value) : Buffer.isBuffer(value) ? value.length : 8);

function bound(value: SqlParam): Bound {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return bufferOf(value);
  throw new TypeError('expected no list as a parameter');
}

/** Below this a copy, for which Node.js has memory at hand, is quicker than a view. */
const SHORT = 2_048;

function bufferOf(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return bytes.length < SHORT ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const scratch = Buffer.alloc(SHORT);

function hexOf(bytes: Uint8Array): string {
  if (bytes.length >= SHORT) return bufferOf(bytes).toString('hex');
  scratch.set(bytes);
  return scratch.toString('hex', 0, bytes.length);
}

const resultOf = (result: unknown): StatementResult =>
  Array.isArray(result)
    ? { rows: result as SqlRow[], changes: 0 }
    : { rows: [], changes: Number((result as { affectedRows?: unknown } | undefined)?.affectedRows ?? 0) };
