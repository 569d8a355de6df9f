import type { SchemaDialect } from '../dialect.js';
import type { Statement } from '../executor.js';
import { additionsOf, type Layout } from '../layout.js';
import { type Found, type Migration, OF_DJANGO } from '../schema.js';
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

/** Seconds that a deployment waits for another one. */
const LOCK_SECONDS = 300;

/** `objects` of what was found: `table.index`, and these marks. */
const MARIADB = '@mariadb';
export const autoIncrementMark = (table: string): string => `${table}@auto_increment`;
/** Before the type of its id. */
const inexactMark = (table: string): string => `${table}@inexact `;

/** Celery's tables, or none where Django makes them; then this package's additions unless the layout is to be exactly theirs. */
export function mysqlSchemaDialect(tables: Tables, layout: Layout, extended: boolean): SchemaDialect {
  const own = [tables.task, tables.group, tables.members, tables.versions];
  const theirs = layout.django ? OF_DJANGO : celeryTables(tables);
  const ids = ['task_id', layout.group.id];
  return {
    migrations: extended ? [theirs, additions(tables, layout)] : [theirs],
    taskTable: tables.task,
    groupTable: tables.group,
    versionTable: tables.versions,
    django: layout.django,
    inspect: () => [
      {
        sql: `SELECT table_name AS tbl, column_name AS col, extra AS extra, collation_name AS collation_name, column_type AS type
          FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN (?, ?, ?, ?)`,
        params: own,
      },
      {
        sql: `SELECT DISTINCT CONCAT(table_name, '.', index_name) AS name FROM information_schema.statistics
          WHERE table_schema = DATABASE() AND table_name IN (?, ?, ?, ?)`,
        params: own,
      },
      { sql: 'SELECT VERSION() AS version', params: [] },
    ],
    found: ([columns, indexes, version]) => {
      const byTable = new Map<string, Set<string>>();
      const objects = new Set(indexes?.rows.map(({ name }) => String(name).toLowerCase()));
      for (const { tbl, col, extra, collation_name: collation, type } of columns?.rows ?? []) {
        const table = own.find((name) => name.toLowerCase() === String(tbl).toLowerCase()) ?? String(tbl);
        byTable.set(table, (byTable.get(table) ?? new Set()).add(String(col)));
        if (col === 'id' && /auto_increment/i.test(String(extra))) objects.add(autoIncrementMark(table));
        if (ids.includes(String(col)) && !EXACT.has(String(collation))) objects.add(`${inexactMark(table)}${type}`);
      }
      if (/mariadb/i.test(String(version?.rows[0]?.version))) objects.add(MARIADB);
      return { columns: byTable, objects };
    },
    version: () => ({
      sql: `SELECT version FROM ${quoted(tables.versions)} WHERE task_table = ?`,
      params: [tables.task],
    }),
    record: (version) => (extended ? [recordVersion(tables, version)] : []),
    locked: (statements) => [
      { sql: 'SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 32), ?), ?)', params: [':rb-schema', LOCK_SECONDS] },
      ...statements,
      { sql: 'SELECT RELEASE_LOCK(CONCAT(LEFT(DATABASE(), 32), ?))', params: [':rb-schema'] },
    ],
  };
}

const recordVersion = ({ task, versions }: Tables, version: number): Statement => ({
  sql: `INSERT INTO ${quoted(versions)} (task_table, version) VALUES (?, ?)
    ON DUPLICATE KEY UPDATE version = GREATEST(version, VALUES(version))`,
  params: [task, version],
});

/** Ids differ where a byte differs, a space at the end included; the servers' defaults take `a` for `A`. */
const EXACT = new Set(['utf8mb4_0900_bin', 'utf8mb4_nopad_bin']);
const exactText = (found: Found): string =>
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
const dateIndex = (table: string): string =>
  `CREATE INDEX ${quoted(`ix_${table}_date_done`)} ON ${quoted(table)} (date_done)`;

function additions({ task, group, members, versions }: Tables, layout: Layout): Migration {
  const missing = ({ columns }: Found, table: string, wanted: Readonly<Record<string, string>>): string[] => {
    const added = Object.entries(wanted)
      .filter(([column]) => !columns.get(table)?.has(column))
      .map(([column, type]) => `ADD COLUMN ${column} ${type}`);
    return added.length === 0 ? [] : [`ALTER TABLE ${quoted(table)} ${added.join(', ')}`];
  };
  const exact = (found: Found, table: string, column: string): string[] =>
    [...found.objects]
      .filter((mark) => mark.startsWith(inexactMark(table)))
      .map((mark) => `${mark.slice(inexactMark(table).length)} ${exactText(found)}${layout.django ? ' NOT NULL' : ''}`)
      .map((type) => `ALTER TABLE ${quoted(table)} MODIFY ${column} ${type}`);
  const index = (found: Found, table: string, name: string, sql: string): string[] =>
    found.objects.has(`${table}.${name}`.toLowerCase()) ? [] : [sql];
  const own = (found: Found, table: string, column: string): string[] =>
    index(found, table, `rb_${column}`, `CREATE INDEX rb_${column} ON ${quoted(table)} (${column})`);
  return {
    version: 2,
    pending: (found) => [
      ...missing(found, task, additionsOf(layout, TASK_ADDITIONS)),
      ...missing(found, group, GROUP_ADDITIONS),
      ...exact(found, task, 'task_id'),
      ...exact(found, group, layout.group.id),
      ...(found.columns.has(members) ? [] : [membersTable(members, group, layout.maxId, found)]),
      ...(found.columns.has(versions) ? [] : [versionTable(versions)]),
      // Django's migrations make these themselves.
      ...(layout.django
        ? []
        : [
            ...index(found, task, `ix_${task}_date_done`, dateIndex(task)),
            ...index(found, group, `ix_${group}_date_done`, dateIndex(group)),
            ...own(found, task, 'status'),
          ]),
      ...own(found, task, 'rb_expires_at'),
      ...own(found, group, 'rb_expires_at'),
    ],
  };
}

/** A group may also be deleted by Celery: its members go with it. */
const membersTable = (members: string, group: string, maxId: number, found: Found): string =>
  `CREATE TABLE ${quoted(members)} (group_row INTEGER NOT NULL, task_id VARCHAR(${maxId}) NOT NULL, ` +
  'reported INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (group_row, task_id), ' +
  `FOREIGN KEY (group_row) REFERENCES ${quoted(group)} (id) ON DELETE CASCADE) ${exactText(found)}`;

const versionTable = (versions: string): string =>
  `CREATE TABLE IF NOT EXISTS ${quoted(versions)} (task_table VARCHAR(64) NOT NULL PRIMARY KEY, version INTEGER NOT NULL)`;
