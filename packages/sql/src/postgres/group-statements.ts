import type { Statements } from '../dialect.js';
import type { Layout } from '../layout.js';
import type { Tables } from './tables.js';
import { typeOf } from './types.js';

type GroupStatements = Pick<Statements, 'saveGroup' | 'loadGroup' | 'deleteGroup' | 'enrol' | 'report'>;

/** @param live Predicate of an unexpired row; now is `$1`. */
export function groupStatements(tables: Tables, layout: Layout, extended: boolean, live: string): GroupStatements {
  const { group, members, groupIds } = tables;
  const { id, columns } = layout.group;
  const places = columns.map((column, i) => `$${i + 4}::${typeOf(layout, column)}`);
  return {
    // Celery inserts once and fails the second time. Deleting first gives the row a new id, and a trigger its members away.
    saveGroup: ({ groupId, columns: values, expiresAt, memberIds }) => [
      { sql: `DELETE FROM ${group} WHERE ${id} = $1`, params: [groupId] },
      {
        sql: `INSERT INTO ${group} (id, ${id}, rb_expires_at, rb_size, rb_reported, ${columns.join(', ')})
          VALUES (${groupIds.next}, $1, $2, $3, 0, ${places.join(', ')})`,
        params: [groupId, expiresAt, memberIds.length, ...columns.map((column) => values[column] ?? null)],
        catchUp: groupIds.catchUp,
      },
      {
        sql: `INSERT INTO ${members} (group_row, task_id)
          SELECT g.id, m FROM ${group} g, unnest($2::text[]) m WHERE g.${id} = $1`,
        params: [groupId, memberIds],
      },
    ],
    loadGroup: (groupId, now) => ({
      sql: `SELECT id, ${columns.join(', ')}${extended ? ', rb_expires_at, rb_size, rb_reported' : ''} FROM ${group} WHERE ${id} = $2 AND ${live}`,
      params: [now, groupId],
    }),
    deleteGroup: (groupId, now) => [
      { sql: `DELETE FROM ${group} WHERE ${id} = $2 RETURNING ${live}::int AS live`, params: [now, groupId] },
    ],
    enrol: (groupRowId, memberIds) => [
      {
        // Locked, so that it is not deleted meanwhile and leaves them behind.
        sql: `INSERT INTO ${members} (group_row, task_id) SELECT g.id, m FROM ${group} g, unnest($2::text[]) m
          WHERE g.id = $1 AND g.rb_size IS NULL FOR UPDATE OF g ON CONFLICT DO NOTHING`,
        params: [groupRowId, memberIds],
      },
      {
        sql: `UPDATE ${group} SET rb_size = $2, rb_reported = 0 WHERE id = $1 AND rb_size IS NULL`,
        params: [groupRowId, memberIds.length],
      },
    ],
    report: (groupRowId, taskId) => [
      {
        sql: `UPDATE ${members} SET reported = txid_current() WHERE group_row = $1 AND task_id = $2 AND reported IS NULL`,
        params: [groupRowId, taskId],
      },
      {
        // One more where this very transaction has counted the member. The sum is of the row as it is once it can be had.
        sql: `UPDATE ${group} SET rb_reported = rb_reported + (SELECT count(*) FROM ${members}
          WHERE group_row = $1 AND task_id = $2 AND reported = txid_current()) WHERE id = $1 RETURNING rb_reported, rb_size`,
        params: [groupRowId, taskId],
      },
    ],
  };
}
