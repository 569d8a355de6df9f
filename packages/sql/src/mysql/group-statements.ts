import type { Statements } from '../dialect.js';
import type { Layout } from '../layout.js';
import { stored } from './stored.js';
import { catchUp, IDS, quoted, SEQUENCES, type Tables } from './tables.js';

type GroupStatements = Pick<Statements, 'saveGroup' | 'loadGroup' | 'deleteGroup' | 'enrol' | 'report'>;

/** Others never change a group that they saved, so these rows need no seal. */
export function groupStatements(
  tables: Tables,
  layout: Layout,
  extended: boolean,
  numbering: 'auto' | 'sequence',
): GroupStatements {
  const group = quoted(tables.group);
  const members = quoted(tables.members);
  const { id, columns } = layout.group;
  const live = extended ? '(rb_expires_at IS NULL OR rb_expires_at > ?)' : '(? IS NOT NULL)';
  const [idName, idValue] = numbering === 'sequence' ? ['id, ', `NEXTVAL(${SEQUENCES.group}), `] : ['', ''];
  return {
    // Celery inserts once and fails the second time. Deleting first gives the row a new id, and takes its members away.
    saveGroup: ({ groupId, columns: values, expiresAt, memberIds }) => [
      { sql: `DELETE FROM ${group} WHERE ${id} = ?`, params: [groupId] },
      {
        sql: `INSERT INTO ${group} (${idName}${id}, rb_expires_at, rb_size, rb_reported, ${columns.join(', ')})
          VALUES (${idValue}?, ?, ?, 0, ${columns.map(() => '?').join(', ')})`,
        params: [
          groupId,
          expiresAt,
          memberIds.length,
          ...columns.map((column) => stored(layout, column, values[column])),
        ],
        catchUp: numbering === 'sequence' ? catchUp(group, SEQUENCES.group) : undefined,
      },
      {
        sql: `INSERT INTO ${members} (group_row, task_id) SELECT g.id, j.id FROM ${group} g JOIN ${IDS} WHERE g.${id} = ?`,
        params: [JSON.stringify(memberIds), groupId],
      },
    ],
    loadGroup: (groupId, now) => ({
      sql: `SELECT id, ${columns.join(', ')}${extended ? ', rb_expires_at, rb_size, rb_reported' : ''} FROM ${group} WHERE ${id} = ? AND ${live}`,
      params: [groupId, now],
    }),
    deleteGroup: (groupId, now) => [
      { sql: `DELETE FROM ${group} WHERE ${id} = ? AND NOT ${live}`, params: [groupId, now] },
      { sql: `DELETE FROM ${group} WHERE ${id} = ?`, params: [groupId] },
      { sql: 'SELECT ROW_COUNT() AS live', params: [] },
    ],
    enrol: (groupRowId, memberIds) => [
      // Two who enrol at once would insert the same members: the second waits here, and then finds them counted.
      { sql: `SELECT id FROM ${group} WHERE id = ? FOR UPDATE`, params: [groupRowId] },
      {
        sql: `INSERT INTO ${members} (group_row, task_id) SELECT g.id, j.id FROM ${group} g JOIN ${IDS} WHERE g.id = ? AND g.rb_size IS NULL`,
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
      // ROW_COUNT() is what the statement before changed: 1 for a member's first report, else 0.
      {
        sql: `UPDATE ${group} SET rb_reported = rb_reported + 1 WHERE id = ? AND ROW_COUNT() = 1`,
        params: [groupRowId],
      },
      { sql: `SELECT rb_reported, rb_size FROM ${group} WHERE id = ?`, params: [groupRowId] },
    ],
  };
}
