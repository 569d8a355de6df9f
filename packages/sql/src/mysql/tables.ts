import type { Statement } from '../executor.js';
import type { Layout } from '../layout.js';

/** Names of everything in the database that belongs to one pair of Celery's tables. */
export interface Tables {
  readonly task: string;
  readonly group: string;
  /** Who has reported to which group. */
  readonly members: string;
  readonly versions: string;
}

export interface TableNames {
  /** @default 'celery_taskmeta' */
  readonly task?: string | undefined;
  /** @default 'celery_tasksetmeta' */
  readonly group?: string | undefined;
}

/** MariaDB's, as Celery names them whatever the tables are called. */
export const SEQUENCES = { task: 'task_id_sequence', group: 'taskset_id_sequence' } as const;

export function plainTables({ tables }: Layout, { task = tables.task, group = tables.group }: TableNames = {}): Tables {
  for (const name of [task, group]) {
    // 48 leaves room for what is put before and after it, within the 64 characters that MySQL allows.
    if (!/^[^\p{Cc}`"./\\?]{1,48}$/u.test(name))
      throw new TypeError(`expected a table name of 1 to 48 characters without quotes, got ${JSON.stringify(name)}`);
  }
  if (task === group) throw new TypeError(`expected two different table names, got ${JSON.stringify(task)} twice`);
  return { task, group, members: `rb_${group}_members`, versions: 'rb_schema_version' };
}

/** Names were checked to hold no quote. */
export const quoted = (name: string): string => `\`${name}\``;

/** MariaDB's SETVAL takes a literal, and goes up only. */
export const catchUp = (table: string, sequence: string): Statement => ({
  sql: `BEGIN NOT ATOMIC DECLARE newest BIGINT DEFAULT (SELECT COALESCE(MAX(id), 1) FROM ${table});
    EXECUTE IMMEDIATE CONCAT('DO SETVAL(${sequence}, ', newest, ')'); END`,
  params: [],
});

/** Rows `j.id` of one parameter, a JSON array of ids. */
export const IDS = "JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) j";
