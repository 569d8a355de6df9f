import { type GroupCapability, type GroupRecord, ResultNode } from '@rb/core';
import type { ClauseContext, OpenStore } from '../context.js';

/** The groups of a handle; a clause that needs them declares so. */
export function groupsOf(t: ClauseContext, { store }: OpenStore): GroupCapability {
  return store.groups ?? t.fail(`${store.name} declares no groups, and the clause needs them`);
}

/** A group of tasks with these ids, in this order. */
export const groupOf = (groupId: string, ids: readonly string[], fields: Partial<GroupRecord> = {}): GroupRecord => ({
  groupId,
  members: ids.map((id) => new ResultNode(id)),
  parent: null,
  expiresAt: null,
  ...fields,
});
