import { type GroupCapability, type GroupRecord, isKind, isReady, ResultError, ResultNode } from '@rb/core';
import { pickle } from '@rb/serializers/pickle';
import { numberOf } from './dialect.js';
import type { SqlRow } from './executor.js';
import { checkId } from './limits.js';
import type { Session } from './session.js';
import type { Dates } from './zones.js';

/**
 * Groups as Celery stores them: a pickled GroupResult. Reports are counted in a table of this package, which is filled
 * from that pickle where Celery saved the group.
 */
export function sqlGroups(session: Session, dates: Dates, now: () => number): GroupCapability {
  const find = async (groupId: string, doing: string, signal?: AbortSignal): Promise<SqlRow | undefined> => {
    const [result] = await session.read((statements) => [statements.loadGroup(groupId, now())], doing, signal);
    return result?.rows[0];
  };

  return {
    async save(group, { signal } = {}) {
      checkId(group.groupId, 'group');
      const memberIds = distinct(group.members);
      const result = encodeGroup(group);
      const { groupId, expiresAt } = group;
      const row = { groupId, result, dateDone: dates.text(now()), expiresAt, memberIds };
      await session.write((statements) => statements.saveGroup(row), `saving group ${groupId}`, signal);
    },

    async load(groupId, { signal } = {}) {
      const row = await find(groupId, `loading group ${groupId}`, signal);
      return row === undefined ? undefined : decodeGroup(groupId, row);
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
      // Nobody has counted the members of a group that Celery saved.
      const memberIds = row.rb_size === null ? distinct(decodeGroup(groupId, row).members) : undefined;
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

function encodeGroup({ groupId, members, parent }: GroupRecord): Uint8Array {
  const encoded = pickle.encode(new ResultNode(groupId, parent, members));
  return typeof encoded === 'string' ? Buffer.from(encoded) : encoded;
}

function decodeGroup(groupId: string, row: SqlRow): GroupRecord {
  const { members, parent } = nodeOf(groupId, row.result);
  const expiresAt = row.rb_expires_at === null || row.rb_expires_at === undefined ? null : Number(row.rb_expires_at);
  return { groupId, members, parent, expiresAt };
}

function nodeOf(groupId: string, data: unknown): ResultNode & { readonly members: readonly ResultNode[] } {
  const refuse = (why: string, cause?: unknown): ResultError =>
    new ResultError('RB_DECODE', `the stored group ${groupId} cannot be read: ${why}`, { cause });
  let value: unknown;
  try {
    value = pickle.decode(data as Uint8Array);
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : 'unknown reason', cause);
  }
  if (!isKind(value, 'node') || !value.members) throw refuse('it is no GroupResult');
  return value as ResultNode & { readonly members: readonly ResultNode[] };
}
