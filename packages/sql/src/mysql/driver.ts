import { createRequire } from 'node:module';
import { ResultError } from '@rb/core';
import type { Answer } from '../watchdog.js';

/** What is used of mysql2; its own types need not be installed. */
export interface MysqlDriver {
  createPool(options: Readonly<Record<string, unknown>>): { promise(): MysqlPool };
  escape(value: unknown): string;
}

/** A pool of `mysql2/promise`. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
  end(): Promise<void>;
  /** mysql2's own, with what it was set to: before 3.22 it has no `resetOnRelease`. */
  readonly pool?: { readonly config?: object | undefined };
}

export interface MysqlConnection {
  /** The same object whenever the pool gives this connection. */
  readonly connection: object;
  query(options: MysqlQuery): Promise<readonly [unknown, unknown]>;
  release(): void;
  destroy(): void;
}

/** What is beneath the promises of a connection; mysql2's types say that it has promises too. */
export const plainOf = ({ connection }: MysqlConnection): PlainConnection => connection as PlainConnection;

interface PlainConnection {
  query(options: MysqlQuery, answer: Answer<unknown>): unknown;
  /** Prepares it, once per connection. */
  execute(options: MysqlQuery & { readonly values: Bound[] }, answer: Answer<unknown>): unknown;
}

/** mysql2 knows Buffers only. */
export type Bound = string | number | bigint | Buffer | null;

interface MysqlQuery {
  readonly sql: string;
  /** Longest wait for the answer, in milliseconds. */
  readonly timeout?: number;
  readonly dateStrings: boolean;
  readonly rowsAsArray: boolean;
  readonly nestTables: boolean;
  readonly typeCast:
    | boolean
    | ((field: { readonly type: string; string(): string | null }, next: () => unknown) => unknown);
  readonly supportBigNumbers: boolean;
  readonly decimalNumbers: boolean;
  readonly namedPlaceholders: boolean;
}

type Forms = Omit<MysqlQuery, 'sql' | 'timeout'>;

const FORMS: Forms = {
  dateStrings: true,
  rowsAsArray: false,
  nestTables: false,
  typeCast: true,
  supportBigNumbers: false,
  decimalNumbers: false,
  namedPlaceholders: false,
};

/** What a pool was set to for big numbers and its `typeCast` hold where a statement has no `typeCast` of its own. */
const FORMS_OF_GIVEN: Forms = {
  ...FORMS,
  typeCast: (field, next) => (field.type === 'LONGLONG' ? numberIn(field) : next()),
};

function numberIn(field: { string(): string | null }): number | null {
  const text = field.string();
  return text === null ? null : Number(text);
}

/** Of our statements alone, so that what a pool that was passed in is set to changes nothing here. */
export const formsOf = (owned: boolean): Forms => (owned ? FORMS : FORMS_OF_GIVEN);

/** mysql2, when the first store is made and not when this package is imported: it is an optional peer. Errors: RB_UNSUPPORTED. */
export function loadDriver(): MysqlDriver {
  try {
    return createRequire(import.meta.url)('mysql2') as MysqlDriver;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ResultError(
      'RB_UNSUPPORTED',
      '@rb/sql/mysql needs mysql2, which is not installed: npm install mysql2@3',
      {
        cause,
      },
    );
  }
}
