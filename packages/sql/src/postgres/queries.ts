import { createHash } from 'node:crypto';
import type { SqlRow, Statement, StatementResult } from '../executor.js';
import { watchdog } from '../watchdog.js';
import { PARSERS, type PgClient, type PgResult } from './driver.js';
import { isStaleName } from './errors.js';

export interface QueriesOptions {
  /** Longest wait for the answer to one statement. */
  readonly queryTimeoutMs: number;
  /** Whether statements are prepared once per connection, by name; `auto`: unless a pooler is in between. */
  readonly prepare: boolean | 'auto';
}

/** How statements are sent over a connection. */
export interface Queries {
  /** Comes first on a new connection. */
  greet(client: PgClient): Promise<unknown>;
  /** @param unlimited It may take as long as it takes. */
  query(client: PgClient, statement: Statement | CountedStatement, unlimited?: boolean): Promise<StatementResult>;
  /** Whether it failed for its name: what was prepared is gone or out of date. The next time it goes by another one. */
  renamed(client: PgClient, error: unknown): boolean;
}

/** Changes one row or none, and so need not return it: that is a tenth of the time that a small statement takes. */
export interface CountedStatement extends Statement {
  /** What it would return where it changes one. */
  readonly changed: readonly SqlRow[];
}

const PID: Statement = { sql: 'SELECT pg_backend_pid() AS pid', params: [] };

export function queriesOf({ queryTimeoutMs, prepare }: QueriesOptions): Queries {
  /** By statement, then by generation. */
  const names = new Map<string, string[]>();
  /** How often what was prepared on a connection turned out to be gone. Absent: nothing is prepared on it. */
  const generations = new WeakMap<PgClient, number>();
  const watched = watchdog<PgClient>(queryTimeoutMs, (client, why) => client.connection.stream.destroy(why));

  const nameOf = (client: PgClient, sql: string): string | undefined => {
    const generation = generations.get(client);
    if (generation === undefined) return undefined;
    let known = names.get(sql);
    if (known === undefined) {
      known = [];
      names.set(sql, known);
    }
    known[generation] ??= `rb_${digestOf(sql)}_${generation}`;
    return known[generation];
  };

  const query: Queries['query'] = async (client, statement, unlimited) => {
    const { sql, params } = statement;
    // Only what comes again and again: what it has as parameters.
    const name = params.length > 0 ? nameOf(client, sql) : undefined;
    const asked = { text: sql, values: params, types: PARSERS, name };
    const { command, rowCount, rows } = await watched<PgResult>(
      client,
      (answer) => client.query(asked, answer),
      unlimited,
    );
    const changes = command === 'SELECT' ? 0 : (rowCount ?? 0);
    return { rows: 'changed' in statement && changes > 0 ? statement.changed : rows, changes };
  };

  return {
    query,
    async greet(client) {
      let named = prepare === true;
      if (prepare === 'auto') {
        const { rows } = await query(client, PID);
        // A pooler gives numbers of its own.
        named = rows[0]?.pid === client.processID;
      }
      if (named) generations.set(client, 0);
    },
    renamed(client, error) {
      const generation = generations.get(client);
      if (generation === undefined || !isStaleName(error)) return false;
      generations.set(client, generation + 1);
      return true;
    },
  };
}

/** By what it says, not by a number: another store on the same connection, or a pooler's other client, may have prepared it. */
const digestOf = (sql: string): string => createHash('sha256').update(sql).digest('base64url').slice(0, 20);
