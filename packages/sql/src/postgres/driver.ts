import { createRequire } from 'node:module';
import { ResultError } from '@rb/core';
import type { Answer } from '../watchdog.js';

/** What is used of pg's Pool; its own types need not be installed. */
export interface PgPool {
  /** Open connections, those that are being opened included. */
  readonly totalCount: number;
  /** Callers that wait for a connection. */
  readonly waitingCount: number;
  /** What the next connection is made with. */
  readonly options: { ssl?: unknown; readonly max?: number };
  connect(): Promise<PgClient>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect' | 'remove', listener: (client: PgClient) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

export interface PgClient {
  /** What the server, or the pooler before it, gave as the process that serves this connection. */
  readonly processID?: unknown;
  query(query: PgQuery, answer: Answer<PgResult>): void;
  /** @param destroy Whether the connection is of no more use. */
  release(destroy?: boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  readonly connection: { readonly stream: { destroy(error?: Error): unknown } };
}

interface PgQuery {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Prepares it once per connection; absent: parsed every time. */
  readonly name?: string | undefined;
  readonly types: PgTypes;
}

interface PgTypes {
  // biome-ignore lint/suspicious/noExplicitAny: as pg declares it
  getTypeParser(oid: number, format?: 'text' | 'binary'): any;
}

interface PgNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

export interface PgResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: Record<string, unknown>[];
}

/** A connection outside of any pool. */
export interface PgConnection {
  connect(): Promise<unknown>;
  query(text: string): Promise<Pick<PgResult, 'rows'>>;
  on(event: 'notification', listener: (message: PgNotification) => void): unknown;
  on(event: 'error' | 'end', listener: () => void): unknown;
  readonly connection: { readonly stream: { destroy(): unknown } };
}

interface Driver {
  readonly Client: new (config: object) => PgConnection;
  readonly Pool: new (config: object) => PgPool;
}

/** pg, when the first store is made and not when this package is imported: it is an optional peer. Errors: RB_UNSUPPORTED. */
export function loadDriver(): Driver {
  try {
    return createRequire(import.meta.url)('pg') as Driver;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ResultError('RB_UNSUPPORTED', '@rb/sql/postgres needs pg, which is not installed: npm install pg@8', {
      cause,
    });
  }
}

const [BYTEA, INT8, INT2, INT4, FLOAT8] = [17, 20, 21, 23, 701];
const NUMBERS: ReadonlySet<number> = new Set([INT8, INT2, INT4, FLOAT8]);

/** Of ours alone, so that parsers set for the whole process, or for a pool that was passed in, change nothing here. */
export const PARSERS: PgTypes = {
  getTypeParser: (oid) => {
    if (oid === BYTEA) return bytesOf;
    return NUMBERS.has(oid) ? Number : String;
  },
};

const ESCAPED = /\\(\\|[0-7]{3})/g;

/** Either of the formats that the setting bytea_output names. */
export function bytesOf(text: string): Buffer {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex');
  const plain = text.replace(ESCAPED, (_, code: string) =>
    code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 8)),
  );
  return Buffer.from(plain, 'latin1');
}
