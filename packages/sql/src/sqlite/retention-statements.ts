import { CELERY } from '../celery-layout.js';
import type { DueRow, RetentionDialect } from '../retention/statements.js';
import { CELERY_COLUMNS, COLUMNS } from '../task-row.js';
import { versionOf } from './statements.js';
import { plainTables, quoted, type Tables } from './tables.js';

export function sqliteRetentionDialect(tables: Tables, extended: boolean): RetentionDialect {
  const task = quoted(tables.task);
  const group = quoted(tables.group);
  const columns = extended ? COLUMNS : CELERY_COLUMNS;
  const names = columns.join(', ');
  const unchanged = `id IN (SELECT value FROM json_each(?)) AND ${versionOf(extended)} IN (SELECT value FROM json_each(?))`;
  const seen = (rows: readonly DueRow[]) => [
    JSON.stringify(rows.map(({ id }) => id)),
    JSON.stringify(rows.map(({ version }) => version)),
  ];
  const plain = (place: string): string => place;
  return {
    task,
    extended,
    place: () => '?',
    as: { date: plain, ms: plain, id: plain },
    like: (column, place) => `${column} GLOB ${place}`,
    // GLOB knows sets of characters too.
    pattern: (glob) => glob.replaceAll('[', '[[]'),
    text: plain,
    columns: names,
    version: versionOf(extended),
    // SQLite stores a value of any type in any column.
    dated: "t.date_done GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*'",
    expired: (now) => `t.rb_expires_at <= ${now}`,
    updatedAt: 't.rb_updated_at',
    stamp: (rows, now) => ({
      sql: `UPDATE ${task} SET rb_updated_at = ? WHERE ${unchanged}`,
      params: [now, ...seen(rows)],
    }),
    remove: (rows, archive, now) => [
      ...(archive === undefined
        ? []
        : [
            {
              sql: `INSERT OR REPLACE INTO ${archive} (${names}, rb_archived_at) SELECT ${names}, ? FROM ${task} WHERE ${unchanged}`,
              params: [now, ...seen(rows)],
            },
          ]),
      { sql: `DELETE FROM ${task} WHERE ${unchanged} RETURNING id`, params: seen(rows) },
    ],
    removeGroups: (limit, before) => ({
      sql: `DELETE FROM ${group} WHERE id IN (SELECT id FROM ${group} WHERE date_done < ? ORDER BY date_done LIMIT ?)`,
      params: [before, limit],
    }),
    archive: (name) => quoted(plainTables(CELERY, { task: name }).task),
    createArchive: (archive) => ({
      sql: `CREATE TABLE IF NOT EXISTS ${archive} (task_id VARCHAR(155) NOT NULL PRIMARY KEY, status VARCHAR(50), result BLOB,
        date_done DATETIME, traceback TEXT, name VARCHAR(155), args BLOB, kwargs BLOB, worker VARCHAR(155), retries INTEGER,
        queue VARCHAR(155), rb_expires_at INTEGER, rb_group_id TEXT, rb_parent_id TEXT, rb_children TEXT, rb_meta TEXT,
        rb_archived_at INTEGER)`,
      params: [],
    }),
    archived: (archive, after, limit) => ({
      sql: `SELECT ${COLUMNS.join(', ')} FROM ${archive} WHERE task_id > ? ORDER BY task_id LIMIT ?`,
      params: [after, limit],
    }),
  };
}
