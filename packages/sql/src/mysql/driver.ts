import { createRequire } from 'node:module';
import { ResultError } from '@rb/core';

/** What is used of mysql2; its own types need not be installed. */
export interface MysqlDriver {
  createPool(options: Readonly<Record<string, unknown>>): { promise(): MysqlPool };
  format(sql: string, values: readonly unknown[]): string;
}

/** A pool of `mysql2/promise`. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
  end(): Promise<void>;
}

export interface MysqlConnection {
  /** The same object whenever the pool gives this connection. */
  readonly connection: object;
  query(options: { readonly sql: string; readonly timeout?: number }): Promise<readonly [unknown, unknown]>;
  release(): void;
  destroy(): void;
}

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
