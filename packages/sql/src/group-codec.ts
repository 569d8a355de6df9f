import { type GroupRecord, isKind, ResultError, ResultNode } from '@rb/core';
import { pickle } from '@rb/serializers/pickle';
import type { SqlRow, SqlValue } from './executor.js';
import type { Dates } from './zones.js';

/** A group <-> the columns of its row, but for its id. */
export interface GroupCodec {
  encode(group: GroupRecord, now: number): Readonly<Record<string, SqlValue>>;
  /** Errors: RB_DECODE naming the group. */
  decode(groupId: string, row: SqlRow): GroupRecord;
}

/** As Celery stores groups: a pickled GroupResult. */
export const celeryGroupCodec = (dates: Dates): GroupCodec => ({
  encode({ groupId, members, parent }, now) {
    const encoded = pickle.encode(new ResultNode(groupId, parent, members));
    return { result: typeof encoded === 'string' ? Buffer.from(encoded) : encoded, date_done: dates.text(now) };
  },
  decode: (groupId, row) =>
    groupOf(groupId, row, () => {
      const value = pickle.decode(row.result as Uint8Array);
      return isKind(value, 'node') ? value : undefined;
    }),
});

/** Errors: RB_DECODE naming the group, also where `read` throws. */
export function groupOf(groupId: string, row: SqlRow, read: () => ResultNode | undefined): GroupRecord {
  const refuse = (why: string, cause?: unknown): ResultError =>
    new ResultError('RB_DECODE', `the stored group ${groupId} cannot be read: ${why}`, { cause });
  let node: ResultNode | undefined;
  try {
    node = read();
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : 'unknown reason', cause);
  }
  if (!node?.members) throw refuse('it is no GroupResult');
  const { rb_expires_at: expiry } = row;
  const expiresAt = expiry === null || expiry === undefined ? null : Number(expiry);
  return { groupId, members: node.members, parent: node.parent, expiresAt };
}
