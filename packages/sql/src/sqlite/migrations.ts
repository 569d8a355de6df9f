import type { SchemaDialect } from '../dialect.js';
import type { Statement } from '../executor.js';
import { additionsOf, type Layout } from '../layout.js';
import { type Found, type Migration, OF_DJANGO } from '../schema.js';
import { quoted, type Tables } from './tables.js';

/** Columns added to Celery's task table. */
const TASK_ADDITIONS: Readonly<Record<string, string>> = {
  // Counts the writes to a row, whoever makes them; see the trigger below.
  rb_revision: 'INTEGER',
  rb_expires_at: 'INTEGER',
  // When a put of this package wrote the row last, or retention first saw it: see docs/retention.md.
  rb_updated_at: 'INTEGER',
  rb_group_id: 'TEXT',
  rb_parent_id: 'TEXT',
  rb_children: 'TEXT',
  rb_meta: 'TEXT',
};

/** Columns added to Celery's group table: deadline, distinct members, how many have reported. */
const GROUP_ADDITIONS = { rb_expires_at: 'INTEGER', rb_size: 'INTEGER', rb_reported: 'INTEGER' };

/** Celery's tables, or none where Django makes them; then this package's additions unless the layout is to be exactly theirs. */
export function sqliteSchemaDialect(tables: Tables, layout: Layout, extended: boolean): SchemaDialect {
  const own = [tables.task, tables.group, tables.members, tables.versions];
  const theirs = layout.django ? OF_DJANGO : celeryTables(tables);
  const marks = own.map(() => '?').join(', ');
  return {
    migrations: extended ? [theirs, additions(tables, layout)] : [theirs],
    taskTable: tables.task,
    groupTable: tables.group,
    versionTable: tables.versions,
    django: layout.django,
    inspect: () => [
      {
        // SQLite compares names of tables without regard to case.
        sql: `SELECT m.name AS tbl, c.name AS col FROM sqlite_master m, pragma_table_info(m.name) c
          WHERE m.type = 'table' AND m.name COLLATE NOCASE IN (${marks})`,
        params: own,
      },
      {
        sql: `SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger') AND tbl_name COLLATE NOCASE IN (${marks})`,
        params: own,
      },
    ],
    found: ([columns, objects]) => {
      const byTable = new Map<string, Set<string>>();
      for (const { tbl, col } of columns?.rows ?? []) {
        const table = own.find((name) => name.toLowerCase() === String(tbl).toLowerCase()) ?? String(tbl);
        byTable.set(table, (byTable.get(table) ?? new Set()).add(String(col)));
      }
      return { columns: byTable, objects: new Set(objects?.rows.map(({ name }) => String(name).toLowerCase())) };
    },
    version: () => ({
      sql: `SELECT version FROM ${quoted(tables.versions)} WHERE task_table = ?`,
      params: [tables.task],
    }),
    // A transaction is enough.
    locked: (statements) => statements,
    record: (version) => (extended ? [recordVersion(tables, version)] : []),
  };
}

const recordVersion = ({ task, versions }: Tables, version: number): Statement => ({
  sql: `INSERT INTO ${quoted(versions)} (task_table, version) VALUES (?, ?)
    ON CONFLICT (task_table) DO UPDATE SET version = max(version, excluded.version)`,
  params: [task, version],
});

/** Word for word what SQLAlchemy emits for Celery, but for the quotes. Source: vectors, `sql-ddl-and-statements.json`. */
function celeryTables({ task, group }: Tables): Migration {
  const ddl = {
    [task]: [
      `CREATE TABLE ${quoted(task)} (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	task_id VARCHAR(155), 
	status VARCHAR(50), 
	result BLOB, 
	date_done DATETIME, 
	traceback TEXT, 
	name VARCHAR(155), 
	args BLOB, 
	kwargs BLOB, 
	worker VARCHAR(155), 
	retries INTEGER, 
	queue VARCHAR(155), 
	UNIQUE (task_id)
)`,
      dateIndex(task),
    ],
    [group]: [
      `CREATE TABLE ${quoted(group)} (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	taskset_id VARCHAR(155), 
	result BLOB, 
	date_done DATETIME, 
	UNIQUE (taskset_id)
)`,
      dateIndex(group),
    ],
  };
  return {
    version: 1,
    pending: ({ columns }) => Object.entries(ddl).flatMap(([table, sql]) => (columns.has(table) ? [] : sql)),
  };
}

/** Celery 5.6.3 creates the same index; older versions have none. */
const dateIndex = (table: string): string =>
  `CREATE INDEX IF NOT EXISTS ${quoted(`ix_${table}_date_done`)} ON ${quoted(table)} (date_done)`;

function additions({ task, group, members, versions }: Tables, layout: Layout): Migration {
  const missing = ({ columns }: Found, table: string, wanted: Readonly<Record<string, string>>): string[] =>
    Object.entries(wanted)
      .filter(([column]) => !columns.get(table)?.has(column))
      .map(([column, type]) => `ALTER TABLE ${quoted(table)} ADD COLUMN ${column} ${type}`);
  // Django's migrations make their own.
  const celeryIndexes = {
    [`ix_${task}_date_done`]: dateIndex(task),
    [`ix_${group}_date_done`]: dateIndex(group),
    [`rb_${task}_status`]: `CREATE INDEX ${quoted(`rb_${task}_status`)} ON ${quoted(task)} (status)`,
    [`rb_${task}_name`]: partialIndex(task, 'name'),
    [`rb_${task}_worker`]: partialIndex(task, 'worker'),
    [`rb_${task}_queue`]: partialIndex(task, 'queue'),
  };
  const objects: Readonly<Record<string, string>> = {
    ...(!layout.django && celeryIndexes),
    [`rb_${task}_expires_at`]: partialIndex(task, 'rb_expires_at'),
    [`rb_${group}_expires_at`]: partialIndex(group, 'rb_expires_at'),
    [`rb_${task}_rewritten`]: rewrittenTrigger(task, layout),
    [`rb_${group}_deleted`]: deletedTrigger(group, members),
  };
  return {
    version: 2,
    pending: (found) => {
      const tablesMissing = [
        ...(found.columns.has(members) ? [] : [membersTable(members)]),
        ...(found.columns.has(versions) ? [] : [versionTable(versions)]),
      ];
      const objectsMissing = Object.entries(objects).filter(([name]) => !found.objects.has(name.toLowerCase()));
      return [
        ...missing(found, task, additionsOf(layout, TASK_ADDITIONS)),
        ...missing(found, group, GROUP_ADDITIONS),
        ...tablesMissing,
        ...objectsMissing.map(([, sql]) => sql),
      ];
    },
  };
}

const membersTable = (members: string): string =>
  `CREATE TABLE ${quoted(members)} (group_row INTEGER NOT NULL, task_id TEXT NOT NULL, ` +
  'reported INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (group_row, task_id)) WITHOUT ROWID';

const versionTable = (versions: string): string =>
  `CREATE TABLE IF NOT EXISTS ${quoted(versions)} (task_table TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL)`;

/** A row without the value costs nothing. Every index of SQLite ends in the row id, by which scans go. */
const partialIndex = (table: string, column: string): string =>
  `CREATE INDEX ${quoted(`rb_${table}_${column.replace(/^rb_/, '')}`)} ON ${quoted(table)} (${column}) WHERE ${column} IS NOT NULL`;

/**
 * Celery rewrites a row by an UPDATE of its own columns, which would leave the deadline, the children ... of the record
 * before. Our statements change rb_revision and Celery's do not: that tells them apart, whatever else they set.
 */
const rewrittenTrigger = (task: string, layout: Layout): string => {
  const watched = layout.columns.filter((column) => !layout.recent.has(column));
  const additions = Object.keys(additionsOf(layout, TASK_ADDITIONS)).filter((column) => column !== 'rb_revision');
  return (
    `CREATE TRIGGER ${quoted(`rb_${task}_rewritten`)} AFTER UPDATE OF ${watched.join(', ')} ON ${quoted(task)} ` +
    'WHEN NEW.rb_revision IS OLD.rb_revision ' +
    `BEGIN UPDATE ${quoted(task)} SET rb_revision = coalesce(OLD.rb_revision, 0) + 1, ` +
    `${additions.map((column) => `${column} = NULL`).join(', ')} WHERE id = NEW.id; END`
  );
};

/** A group may also be deleted by Celery. */
const deletedTrigger = (group: string, members: string): string =>
  `CREATE TRIGGER ${quoted(`rb_${group}_deleted`)} AFTER DELETE ON ${quoted(group)} ` +
  `BEGIN DELETE FROM ${quoted(members)} WHERE group_row = OLD.id; END`;
