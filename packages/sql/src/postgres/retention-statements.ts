import { CELERY } from '../celery-layout.js';
import { likePattern } from '../retention/like.js';
import type { DueRow, RetentionDialect } from '../retention/statements.js';
import { CELERY_COLUMNS, COLUMNS } from '../task-row.js';
import { asRead } from './statements.js';
import { type Tables, tablesOf } from './tables.js';
import { asText } from './types.js';

/** The transaction that wrote the row as it is now; a row id is never given twice. */
const VERSION = "t.id || '.' || t.xmin";

export function postgresRetentionDialect({ task, group, inTaskSchema }: Tables, extended: boolean): RetentionDialect {
  const columns = extended ? COLUMNS : CELERY_COLUMNS;
  const names = columns.join(', ');
  // In a table of partitions by deadline never is Infinity.
  const copied = names.replace('rb_expires_at', "nullif(rb_expires_at, 'Infinity')");
  const picked = `SELECT t.id FROM ${task} t WHERE t.id = ANY($1::int8[]) AND ${VERSION} = ANY($2::text[]) FOR UPDATE SKIP LOCKED`;
  const seen = (rows: readonly DueRow[]) => [rows.map(({ id }) => id), rows.map(({ version }) => version)] as const;
  return {
    task,
    extended,
    place: (n) => `$${n}`,
    as: { date: (place) => `${place}::timestamp`, ms: (place) => `${place}::float8`, id: (place) => `${place}::int8` },
    like: (column, place) => `${column} LIKE ${place}::text ESCAPE '!'`,
    pattern: likePattern,
    text: (date) => asText(CELERY, date),
    columns: columns.map((column) => asRead(CELERY, column)).join(', '),
    version: VERSION,
    dated: 'isfinite(t.date_done)',
    expired: (now) => `t.rb_expires_at <= ${now}`,
    updatedAt: 't.rb_updated_at',
    stamp: (rows, now) => ({
      sql: `UPDATE ${task} SET rb_updated_at = $3::float8 WHERE id = ANY(ARRAY(${picked}))`,
      params: [...seen(rows), now],
    }),
    remove: (rows, archive, now) =>
      archive === undefined
        ? [{ sql: `DELETE FROM ${task} WHERE id = ANY(ARRAY(${picked})) RETURNING id`, params: seen(rows) }]
        : [
            {
              sql: `WITH gone AS (DELETE FROM ${task} WHERE id = ANY(ARRAY(${picked})) RETURNING id, ${names}),
                kept AS (INSERT INTO ${archive} (${names}, rb_archived_at) SELECT ${copied}, $3::float8 FROM gone
                  ON CONFLICT (task_id) DO UPDATE SET ${replacing([...COLUMNS, 'rb_archived_at'])})
                SELECT id FROM gone`,
              params: [...seen(rows), now],
            },
          ],
    removeGroups: (limit, before) => ({
      sql: `DELETE FROM ${group} WHERE id = ANY(ARRAY(SELECT id FROM ${group} WHERE date_done < $1::timestamp
        ORDER BY date_done LIMIT $2 FOR UPDATE SKIP LOCKED))`,
      params: [before, limit],
    }),
    archive: (name) => inTaskSchema(tablesOf(CELERY, { task: name }).names.task),
    createArchive: (archive) => ({
      sql: `CREATE TABLE IF NOT EXISTS ${archive} (task_id VARCHAR(155) NOT NULL PRIMARY KEY, status VARCHAR(50),
        result BYTEA, date_done TIMESTAMP WITHOUT TIME ZONE, traceback TEXT, name VARCHAR(155), args BYTEA, kwargs BYTEA,
        worker VARCHAR(155), retries INTEGER, queue VARCHAR(155), rb_expires_at DOUBLE PRECISION, rb_group_id TEXT,
        rb_parent_id TEXT, rb_children TEXT, rb_meta TEXT, rb_archived_at DOUBLE PRECISION)`,
      params: [],
    }),
    archived: (archive, after, limit) => ({
      sql: `SELECT ${COLUMNS.map(asPutBack).join(', ')} FROM ${archive} WHERE task_id > $1 ORDER BY task_id LIMIT $2`,
      params: [after, limit],
    }),
  };
}

/** Rows of an archive are put as they were read. */
const asPutBack = (column: string): string =>
  CELERY.dates.has(column) ? `${asText(CELERY, column)} AS ${column}` : asRead(CELERY, column);

const replacing = (columns: readonly string[]): string =>
  columns
    .filter((column) => column !== 'task_id')
    .map((column) => `${column} = excluded.${column}`)
    .join(', ');
