import { CELERY } from '../celery-layout.js';
import type { SqlParam } from '../executor.js';
import { likePattern } from '../retention/like.js';
import type { DueRow, RetentionDialect } from '../retention/statements.js';
import type { Found } from '../schema.js';
import { CELERY_COLUMNS, COLUMNS } from '../task-row.js';
import { exactText } from './migrations.js';
import { SEALED, selected, versionOf } from './statements.js';
import { plainTables, quoted, type Tables } from './tables.js';

const ALL_COLUMNS = [...COLUMNS, 'rb_done_at'];

/** ON UPDATE goes by the zone of Celery's session, which may be this far behind UTC: the row is rather taken for younger. */
const ZONE_MS = 12 * 3_600_000;

export function mysqlRetentionDialect(tables: Tables, extended: boolean, found: Found): RetentionDialect {
  const task = quoted(tables.task);
  const group = quoted(tables.group);
  const columns = extended ? ALL_COLUMNS : CELERY_COLUMNS;
  const version = versionOf(extended);
  const names = columns.join(', ');
  const unchanged = (rows: readonly DueRow[]): string => `id IN (${marks(rows)}) AND ${version} IN (${marks(rows)})`;
  const seen = (rows: readonly DueRow[]): SqlParam[] => [
    ...rows.map(({ id }) => id),
    ...rows.map(({ version }) => version),
  ];
  const plain = (place: string): string => place;
  return {
    task,
    extended,
    place: () => '?',
    // Of Celery's own dates no fraction is left: so none of a bound either, which would take a record before its time.
    as: { date: (place) => `CAST(LEFT(${place}, 19) AS DATETIME)`, ms: plain, id: plain },
    // Whatever the collation of a table that Celery made: `a` is not `A`.
    like: (column, place) => `CONVERT(${column} USING utf8mb4) COLLATE utf8mb4_bin LIKE ${place} ESCAPE '!'`,
    pattern: likePattern,
    text: (date) => `CAST(${date} AS CHAR)`,
    columns: selected(CELERY, extended),
    version,
    dated: 't.date_done IS NOT NULL',
    expired: (now) => `(t.rb_expires_at <= ${now} AND ${SEALED})`,
    updatedAt: `(UNIX_TIMESTAMP(t.rb_touched_at) * 1000 + IF(${SEALED}, 0, ${ZONE_MS}))`,
    stamp: (rows) => ({
      sql: `UPDATE ${task} SET rb_touched_at = NOW(6) WHERE ${unchanged(rows)}`,
      params: seen(rows),
    }),
    // Locked first, and looked at as they then are: neither database tells which rows a statement has deleted.
    remove: (rows, archive, now) => [
      { sql: `SELECT id FROM ${task} WHERE ${unchanged(rows)} FOR UPDATE`, params: seen(rows) },
      ...(archive === undefined
        ? []
        : [
            {
              sql: `REPLACE INTO ${archive} (${names}, rb_archived_at) SELECT ${selected(CELERY, extended)}, ? FROM ${task} WHERE ${unchanged(rows)}`,
              params: [now, ...seen(rows)],
            },
          ]),
      { sql: `DELETE FROM ${task} WHERE ${unchanged(rows)}`, params: seen(rows) },
    ],
    removeGroups: (limit, before) => ({
      sql: `DELETE FROM ${group} WHERE date_done < ? ORDER BY date_done LIMIT ?`,
      params: [before.slice(0, 19), limit],
    }),
    archive: (name) => quoted(plainTables(CELERY, { task: name }).task),
    createArchive: (archive) => ({
      sql: `CREATE TABLE IF NOT EXISTS ${archive} (task_id VARCHAR(155) NOT NULL PRIMARY KEY, status VARCHAR(50), result LONGBLOB,
        date_done DATETIME, traceback LONGTEXT, name VARCHAR(155), args LONGBLOB, kwargs LONGBLOB, worker VARCHAR(155),
        retries INTEGER, queue VARCHAR(155), rb_expires_at BIGINT, rb_group_id TEXT, rb_parent_id TEXT, rb_children LONGTEXT,
        rb_meta LONGTEXT, rb_done_at DATETIME(6), rb_archived_at BIGINT) ${exactText(found)}`,
      params: [],
    }),
    archived: (archive, after, limit) => ({
      sql: `SELECT ${ALL_COLUMNS.join(', ')} FROM ${archive} WHERE task_id > ? ORDER BY task_id LIMIT ?`,
      params: [after, limit],
    }),
  };
}

const marks = (rows: readonly unknown[]): string => rows.map(() => '?').join(', ');
