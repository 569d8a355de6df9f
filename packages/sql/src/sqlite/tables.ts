import type { Layout } from '../layout.js';

/** Names of everything in the database that belongs to one pair of Celery's tables, quoted for use in SQL. */
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

const VERSION_TABLE = 'rb_schema_version';

export function plainTables({ tables }: Layout, { task = tables.task, group = tables.group }: TableNames = {}): Tables {
  for (const name of [task, group]) {
    // 48 leaves room for what is put before and after it, within the 63 bytes that PostgreSQL allows.
    const valid = /^[^\p{Cc}"]{1,48}$/u.test(name) && !/^sqlite_/i.test(name);
    if (!valid)
      throw new TypeError(`expected a table name of 1 to 48 characters without quotes, got ${JSON.stringify(name)}`);
  }
  if (task === group) throw new TypeError(`expected two different table names, got ${JSON.stringify(task)} twice`);
  return { task, group, members: `rb_${group}_members`, versions: VERSION_TABLE };
}

/** Names were checked to hold no quote. */
export const quoted = (name: string): string => `"${name}"`;
