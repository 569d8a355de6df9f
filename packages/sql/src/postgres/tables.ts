import type { Statement } from '../executor.js';
import type { Layout } from '../layout.js';

/** How new rows get their ids. */
interface Numbering {
  /** Expression that draws one. */
  readonly next: string;
  /** Where rows have what it draws. */
  readonly catchUp: Statement;
}

/** Names of everything in the database that belongs to one pair of Celery's tables, quoted and with their schema. */
export interface Tables {
  readonly task: string;
  readonly group: string;
  /** Who has reported to which group. */
  readonly members: string;
  readonly versions: string;
  /** The secret name of the channel on which writes are told with what they left. */
  readonly channel: string;
  readonly taskSequence: string;
  readonly groupSequence: string;
  readonly taskIds: Numbering;
  readonly groupIds: Numbering;
  /** What indexes, triggers and functions are named after. */
  readonly names: { readonly task: string; readonly group: string };
  readonly inTaskSchema: (name: string) => string;
  readonly inGroupSchema: (name: string) => string;
}

export interface TableNames {
  /** @default 'celery_taskmeta' */
  readonly task?: string | undefined;
  /** @default 'celery_tasksetmeta' */
  readonly group?: string | undefined;
}

/** Celery's `database_table_schemas`. Absent: what the session's search_path says. */
export interface SchemaNames {
  readonly task?: string | undefined;
  readonly group?: string | undefined;
}

export function tablesOf(
  { tables, django }: Layout,
  { task = tables.task, group = tables.group }: TableNames = {},
  schemas: SchemaNames = {},
): Tables {
  const names = [task, group, ...Object.values(schemas).filter((name) => name !== undefined)];
  for (const name of names) {
    // 40 characters leave room for what is put before and after it, within the 63 bytes that PostgreSQL allows.
    if (!/^[^\p{Cc}"']{1,40}$/u.test(name) || Buffer.byteLength(name) > MAX_BYTES)
      throw new TypeError(
        `expected a name of 1 to ${MAX_BYTES} bytes without quotes for a table or schema, got ${JSON.stringify(name)}`,
      );
  }
  if (task === group) throw new TypeError(`expected two different table names, got ${JSON.stringify(task)} twice`);
  const inTaskSchema = qualifier(schemas.task);
  const inGroupSchema = qualifier(schemas.group);
  // As Celery names them, whatever the tables are called.
  const taskSequence = inTaskSchema('task_id_sequence');
  const groupSequence = inGroupSchema('taskset_id_sequence');
  return {
    task: inTaskSchema(task),
    group: inGroupSchema(group),
    members: inGroupSchema(`rb_${group}_members`),
    versions: inTaskSchema('rb_schema_version'),
    channel: inTaskSchema(`rb_${task}_channel`),
    taskSequence,
    groupSequence,
    taskIds: numbering(inTaskSchema(task), taskSequence, django),
    groupIds: numbering(inGroupSchema(group), groupSequence, django),
    names: { task, group },
    inTaskSchema,
    inGroupSchema,
  };
}

const MAX_BYTES = 40;

/** Names were checked to hold no quote. */
export const quoted = (name: string): string => `"${name}"`;

const qualifier =
  (schema: string | undefined) =>
  (name: string): string =>
    schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;

/** Celery's sequences stand by themselves; Django's belong to the column. */
function numbering(table: string, celerySequence: string, django: boolean): Numbering {
  const sequence = django ? `pg_get_serial_sequence('${table}', 'id')` : `'${celerySequence}'`;
  const next = `nextval(${sequence})`;
  const newest = `(SELECT max(id) AS newest FROM ${table}) t`;
  return {
    next,
    catchUp: { sql: `SELECT setval(${sequence}, newest) FROM ${newest} WHERE newest > ${next}`, params: [] },
  };
}
