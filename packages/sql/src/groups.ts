import { type GroupCapability, isReady, type ResultNode } from '@rb/core';
import { numberOf } from './dialect.js';
import type { SqlRow } from './executor.js';
import type { GroupCodec } from './group-codec.js';
import { checkId } from './limits.js';
import type { Session } from './session.js';

/** Groups as others store them. Reports are counted in a table of this package, which is filled from the group where others saved it. */
export function sqlGroups(session: Session, codec: GroupCodec, maxId: number, now: () => number): GroupCapability {
  const find = async (groupId: string, doing: string, signal?: AbortSignal): Promise<SqlRow | undefined> => {
    const [result] = await session.read((statements) => [statements.loadGroup(groupId, now())], doing, signal);
    return result?.rows[0];
  };

  return {
    async save(group, { signal } = {}) {
      checkId(group.groupId, 'group', maxId);
      const memberIds = distinct(group.members);
      const { groupId, expiresAt } = group;
      const row = { groupId, columns: codec.encode(group, now()), expiresAt, memberIds };
      await session.write((statements) => statements.saveGroup(row), `saving group ${groupId}`, signal);
    },

    async load(groupId, { signal } = {}) {
      const row = await find(groupId, `loading group ${groupId}`, signal);
      return row === undefined ? undefined : codec.decode(groupId, row);
    },

    async delete(groupId, { signal } = {}) {
      const results = await session.write(
        (statements) => statements.deleteGroup(groupId, now()),
        `deleting group ${groupId}`,
        signal,
      );
      return results.some(({ rows }) => rows.some(({ live }) => live === 1));
    },

    async report(groupId, record, { signal } = {}) {
      const doing = `reporting to group ${groupId}`;
      const row = await find(groupId, doing, signal);
      if (row === undefined || !isReady(record.state)) return { reported: numberOf(row, 'rb_reported'), last: false };
      const id = numberOf(row, 'id');
      // Nobody has counted the members of a group that others saved.
      const memberIds = row.rb_size === null ? distinct(codec.decode(groupId, row).members) : undefined;
      const results = await session.write(
        (statements) => [
          ...(memberIds === undefined ? [] : statements.enrol(id, memberIds)),
          ...statements.report(id, record.taskId),
        ],
        doing,
        signal,
      );
      const [counted, totals] = results.slice(-2);
      const reported = numberOf(totals?.rows[0], 'rb_reported');
      return { reported, last: counted?.changes === 1 && reported === numberOf(totals?.rows[0], 'rb_size') };
    },
  };
}

/** A member counts once, however often it stands in the group. */
const distinct = (members: readonly ResultNode[]): string[] => [...new Set(members.map(({ id }) => id))];
