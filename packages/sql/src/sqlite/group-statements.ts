import type { Statements } from '../dialect.js';
import type { Layout } from '../layout.js';
import { quoted, type Tables } from './tables.js';

type GroupStatements = Pick<Statements, 'saveGroup' | 'loadGroup' | 'deleteGroup' | 'enrol' | 'report'>;

/** @param live Predicate of an unexpired row; binds now. */
export function groupStatements(tables: Tables, layout: Layout, extended: boolean, live: string): GroupStatements {
  const group = quoted(tables.group);
  const members = quoted(tables.members);
  const { id, columns } = layout.group;
  return {
    // Celery inserts once and fails the second time. Deleting first gives the row a new id, and a trigger its members away.
    saveGroup: ({ groupId, columns: values, expiresAt, memberIds }) => [
      { sql: `DELETE FROM ${group} WHERE ${id} = ?`, params: [groupId] },
      {
        sql: `INSERT INTO ${group} (${id}, rb_expires_at, rb_size, rb_reported, ${columns.join(', ')})
          VALUES (?, ?, ?, 0, ${columns.map(() => '?').join(', ')})`,
        params: [groupId, expiresAt, memberIds.length, ...columns.map((column) => values[column] ?? null)],
      },
      {
        sql: `INSERT INTO ${members} (group_row, task_id)
          SELECT g.id, j.value FROM ${group} g, json_each(?) j WHERE g.${id} = ?`,
        params: [JSON.stringify(memberIds), groupId],
      },
    ],
    loadGroup: (groupId, now) => ({
      sql: `SELECT id, ${columns.join(', ')}${extended ? ', rb_expires_at, rb_size, rb_reported' : ''} FROM ${group} WHERE ${id} = ? AND ${live}`,
      params: [groupId, now],
    }),
    deleteGroup: (groupId, now) => [
      { sql: `DELETE FROM ${group} WHERE ${id} = ? RETURNING ${live} AS live`, params: [groupId, now] },
    ],
    enrol: (groupRowId, memberIds) => [
      {
        sql: `INSERT INTO ${members} (group_row, task_id)
          SELECT g.id, j.value FROM ${group} g, json_each(?) j WHERE g.id = ? AND g.rb_size IS NULL`,
        params: [JSON.stringify(memberIds), groupRowId],
      },
      {
        sql: `UPDATE ${group} SET rb_size = ?, rb_reported = 0 WHERE id = ? AND rb_size IS NULL`,
        params: [memberIds.length, groupRowId],
      },
    ],
    report: (groupRowId, taskId) => [
      {
        sql: `UPDATE ${members} SET reported = 1 WHERE group_row = ? AND task_id = ? AND reported = 0`,
        params: [groupRowId, taskId],
      },
      // changes() is what the statement before changed: 1 for a member's first report, else 0.
      {
        sql: `UPDATE ${group} SET rb_reported = rb_reported + changes() WHERE id = ? RETURNING rb_reported, rb_size`,
        params: [groupRowId],
      },
    ],
  };
}
