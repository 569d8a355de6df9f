import type { SchemaDialect } from '../dialect.js';
import type { Statement } from '../executor.js';
import { additionsOf, type Layout } from '../layout.js';
import { type Found, type Migration, OF_DJANGO, type Step } from '../schema.js';
import { idMark, inexactMark, inspection, largeMark, MARIADB } from './inspection.js';
import { LOCKING } from './locking.js';
import { quoted, SEQUENCES, type Tables } from './tables.js';

/** Columns added to Celery's task table. */
const TASK_ADDITIONS: Readonly<Record<string, string>> = {
  // Names the put that wrote the row last.
  rb_revision: 'BIGINT',
  // Moves by itself with every write that does not set it, as Celery's: equal to rb_sealed_at only after ours.
  rb_touched_at: 'DATETIME(6) NULL ON UPDATE CURRENT_TIMESTAMP(6)',
  rb_sealed_at: 'DATETIME(6)',
  // date_done has whole seconds.
  rb_done_at: 'DATETIME(6)',
  rb_expires_at: 'BIGINT',
  rb_group_id: 'TEXT CHARACTER SET utf8mb4',
  rb_parent_id: 'TEXT CHARACTER SET utf8mb4',
  rb_children: 'LONGTEXT CHARACTER SET utf8mb4',
  rb_meta: 'LONGTEXT CHARACTER SET utf8mb4',
};

/** Columns added to Celery's group table: deadline, distinct members, how many have reported. */
const GROUP_ADDITIONS = { rb_expires_at: 'BIGINT', rb_size: 'INTEGER', rb_reported: 'INTEGER' };

/** Celery's tables, or none where Django makes them; then this package's additions unless the layout is to be exactly theirs. */
export function mysqlSchemaDialect(tables: Tables, layout: Layout, extended: boolean): SchemaDialect {
  const theirs = layout.django ? OF_DJANGO : celeryTables(tables);
  return {
    migrations: extended ? [theirs, additions(tables, layout)] : [theirs],
    taskTable: tables.task,
    groupTable: tables.group,
    versionTable: tables.versions,
    django: layout.django,
    ...inspection(tables, layout),
    ...LOCKING,
    version: () => ({
      sql: `SELECT version FROM ${quoted(tables.versions)} WHERE task_table = ?`,
      params: [tables.task],
    }),
    record: (version) => (extended ? [recordVersion(tables, version)] : []),
  };
}

const recordVersion = ({ task, versions }: Tables, version: number): Statement => ({
  sql: `INSERT INTO ${quoted(versions)} (task_table, version) VALUES (?, ?)
    ON DUPLICATE KEY UPDATE version = GREATEST(version, VALUES(version))`,
  params: [task, version],
});

/** What follows a mark. */
const marked = ({ objects }: Found, mark: string): string | undefined =>
  [...objects].find((each) => each.startsWith(mark))?.slice(mark.length);

export const exactText = (found: Found): string =>
  `CHARACTER SET utf8mb4 COLLATE ${found.objects.has(MARIADB) ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'}`;

/** As SQLAlchemy makes them for Celery, but that text is exact. Source: vectors, `sql-ddl-and-statements.json`. */
function celeryTables({ task, group }: Tables): Migration {
  const tableOf = (found: Found, table: string, sequence: string, columns: string, idColumn: string): string[] => {
    if (found.columns.has(table)) return [];
    const mariadb = found.objects.has(MARIADB);
    const id = `id INTEGER NOT NULL${mariadb ? '' : ' AUTO_INCREMENT'}`;
    return [
      ...(mariadb ? [`CREATE SEQUENCE IF NOT EXISTS ${sequence}`] : []),
      `CREATE TABLE ${quoted(table)} (${id}, ${columns}, PRIMARY KEY (id), UNIQUE (${idColumn})) ${exactText(found)}`,
      dateIndex(table),
    ];
  };
  const taskColumns =
    'task_id VARCHAR(155), status VARCHAR(50), result BLOB, date_done DATETIME, traceback TEXT, name VARCHAR(155), ' +
    'args BLOB, kwargs BLOB, worker VARCHAR(155), retries INTEGER, queue VARCHAR(155)';
  const groupColumns = 'taskset_id VARCHAR(155), result BLOB, date_done DATETIME';
  return {
    version: 1,
    pending: (found) => [
      ...tableOf(found, task, SEQUENCES.task, taskColumns, 'task_id'),
      ...tableOf(found, group, SEQUENCES.group, groupColumns, 'taskset_id'),
    ],
  };
}

/** Celery 5.6.3 creates the same index; older versions have none. */
const dateIndex = (table: string, how = ''): string =>
  `CREATE INDEX ${quoted(`ix_${table}_date_done`)} ON ${quoted(table)} (date_done)${how}`;

/** Of a table that stays readable and writable; an error where it would have to be copied. */
const INSTANT = ', ALGORITHM=INSTANT';
const IN_PLACE = ' ALGORITHM=INPLACE LOCK=NONE';

function additions({ task, group, members, versions }: Tables, layout: Layout): Migration {
  const isLarge = ({ objects }: Found, table: string): boolean => objects.has(largeMark(table));
  const missing = (found: Found, table: string, wanted: Readonly<Record<string, string>>): Step[] => {
    const added = Object.entries(wanted)
      .filter(([column]) => !found.columns.get(table)?.has(column))
      .map(([column, type]) => `ADD COLUMN ${column} ${type}`);
    if (added.length === 0) return [];
    return [`ALTER TABLE ${quoted(table)} ${added.join(', ')}${isLarge(found, table) ? INSTANT : ''}`];
  };
  // Copies the table, while nobody can write: a large one waits for deploy().
  const exact = (found: Found, table: string, column: string): Step[] => {
    const inexact = marked(found, inexactMark(table));
    if (inexact === undefined) return [];
    const type = `${inexact} ${exactText(found)}${layout.django ? ' NOT NULL' : ''}`;
    const sql = `ALTER TABLE ${quoted(table)} MODIFY ${column} ${type}`;
    return [isLarge(found, table) ? { online: sql } : sql];
  };
  const index = (found: Found, table: string, name: string, create: (how?: string) => string): Step[] => {
    if (found.objects.has(`${table}.${name}`.toLowerCase())) return [];
    return [isLarge(found, table) ? { online: create(IN_PLACE) } : create()];
  };
  // The row's id, by which scans go, stands at the end of every index of InnoDB.
  const own = (found: Found, table: string, column: string): Step[] =>
    index(
      found,
      table,
      `rb_${column}`,
      (how = '') => `CREATE INDEX rb_${column} ON ${quoted(table)} (${column})${how}`,
    );
  // Django's migrations make their own.
  const celeryIndexes = (found: Found): Step[] => [
    ...index(found, task, `ix_${task}_date_done`, (how) => dateIndex(task, how)),
    ...index(found, group, `ix_${group}_date_done`, (how) => dateIndex(group, how)),
    ...['status', 'name', 'worker', 'queue'].flatMap((column) => own(found, task, column)),
  ];
  return {
    version: 2,
    pending: (found) => [
      ...missing(found, task, additionsOf(layout, TASK_ADDITIONS)),
      ...missing(found, group, GROUP_ADDITIONS),
      ...exact(found, task, 'task_id'),
      ...exact(found, group, layout.group.id),
      ...(found.columns.has(members) ? [] : [membersTable(members, group, layout.maxId, found)]),
      ...(found.columns.has(versions) ? [] : [versionTable(versions)]),
      ...(layout.django ? [] : celeryIndexes(found)),
      ...own(found, task, 'rb_expires_at'),
      ...own(found, group, 'rb_expires_at'),
    ],
  };
}

/** A group may also be deleted by Celery: its members go with it, by a key of the type that the group's id has. */
const membersTable = (members: string, group: string, maxId: number, found: Found): string =>
  `CREATE TABLE ${quoted(members)} (group_row ${marked(found, idMark(group)) ?? 'INTEGER'} NOT NULL, task_id VARCHAR(${maxId}) NOT NULL, ` +
  'reported INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (group_row, task_id), ' +
  `FOREIGN KEY (group_row) REFERENCES ${quoted(group)} (id) ON DELETE CASCADE) ${exactText(found)}`;

const versionTable = (versions: string): string =>
  `CREATE TABLE IF NOT EXISTS ${quoted(versions)} (task_table VARCHAR(64) NOT NULL PRIMARY KEY, version INTEGER NOT NULL)`;
