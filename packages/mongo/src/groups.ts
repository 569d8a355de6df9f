import {
  type GroupCapability,
  type GroupRecord,
  isReady,
  json,
  ResultError,
  ResultNode,
  type Serializer,
} from '@rb/core';
import type { Collection, Document } from 'mongodb';
import { type BsonValues, dataOf } from './bson-values.js';
import type { Calls } from './calls.js';
import type { Task } from './client.js';
import { dateOf, deadlineOf, live } from './deadlines.js';

export interface GroupParts {
  readonly groups: Collection<Task>;
  readonly calls: Calls;
  readonly values: BsonValues;
  readonly serializer: Serializer;
  readonly now: () => number;
}

/** Members per number of `rb_reported`: as many as a 32-bit integer has bits beside its sign. */
const BITS = 31;

/**
 * Celery's group documents, which hold the ids of the members, with fields of ours that it ignores: `rb_group`, as JSON the whole
 * tuple where ids do not say all; `rb_reported`, a bit for each member, and `rb_count`, how many are set.
 *
 * Source: celery/backends/mongodb.py `_save_group`.
 */
export function groupsOf({ groups, calls, values, serializer, now }: GroupParts): GroupCapability {
  const find = (groupId: string): Promise<Document | null> =>
    groups.findOne({ _id: groupId, ...live(now()) } as object);

  const decode = (groupId: string, document: Document): GroupRecord => {
    const { result, rb_group: tuple } = document;
    try {
      const data = dataOf(result) ?? String(result);
      const node = ResultNode.fromTuple(
        typeof tuple === 'string' ? json.decode(tuple) : [[groupId, null], idsIn(serializer.decode(data))],
      );
      return { groupId, members: node.members ?? [], parent: node.parent, expiresAt: deadlineOf(document) };
    } catch (cause) {
      throw new ResultError('RB_DECODE', `group ${groupId}: what is stored is no group`, { cause });
    }
  };

  return {
    async save(group, { signal } = {}) {
      const { groupId, members, parent, expiresAt } = group;
      const doing = `saving group ${groupId}`;
      const isFlat = parent === null && members.every((member) => member.parent === null && member.members === null);
      const document = {
        result: values.ofData(serializer.encode(members.map(({ id }) => id))),
        date_done: new Date(now()),
        ...(!isFlat && { rb_group: json.encode(new ResultNode(groupId, parent, members).toTuple()) }),
        ...(expiresAt !== null && { rb_expires_at: dateOf(expiresAt) }),
      };
      await calls.run({ doing, write: true, signal }, () =>
        groups.replaceOne({ _id: groupId }, document, { upsert: true }),
      );
    },

    load: (groupId, { signal } = {}) =>
      calls.run({ doing: `loading group ${groupId}`, write: false, signal }, async () => {
        const found = await find(groupId);
        return found === null ? undefined : decode(groupId, found);
      }),

    delete: (groupId, { signal } = {}) =>
      calls.run({ doing: `deleting group ${groupId}`, write: true, signal }, async () => {
        const { deletedCount } = await groups.deleteOne({ _id: groupId, ...live(now()) } as object);
        return deletedCount === 1;
      }),

    report: (groupId, { taskId, state }, { signal } = {}) =>
      calls.run({ doing: `reporting task ${taskId} to group ${groupId}`, write: true, signal }, async () => {
        const found = await find(groupId);
        const ids = found === null ? [] : [...new Set(decode(groupId, found).members.map(({ id }) => id))];
        const place = ids.indexOf(taskId);
        if (found === null || place < 0 || !isReady(state)) return { reported: countOf(found), last: false };
        const field = `rb_reported.${Math.floor(place / BITS)}`;
        const bit = 2 ** (place % BITS);
        const unreported = { $or: [{ [field]: { $exists: false } }, { [field]: { $bitsAllClear: bit } }] };
        // Of this very group, and not of one that has been saved over it meanwhile.
        const same = { _id: groupId, result: found.result, date_done: found.date_done, ...live(now()), ...unreported };
        const counted = await groups.findOneAndUpdate(
          same as object,
          { $bit: { [field]: { or: bit } }, $inc: { rb_count: 1 } } as object,
          { returnDocument: 'after', projection: { rb_count: 1 } },
        );
        if (counted === null) return { reported: countOf(await find(groupId)), last: false };
        return { reported: countOf(counted), last: countOf(counted) === ids.length };
      }),
  };
}

const countOf = (group: Document | null): number => Number(group?.rb_count ?? 0);

/** As tuples of tasks. Errors: TypeError where it is no list of ids. */
function idsIn(value: unknown): readonly unknown[] {
  const items = Array.isArray(value) ? value : undefined;
  if (items === undefined || !items.every((id) => typeof id === 'string'))
    throw new TypeError('expected a list of ids');
  return items.map((id) => [[id, null], null]);
}
