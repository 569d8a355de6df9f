import { describe, expectId } from './expect.js';
import { ResultNode } from './result-node.js';
import { isKind } from './values.js';

/** In order; a group inside a group is a ResultNode with members of its own. */
export type GroupMembers = readonly (string | ResultNode)[];

export function toNodes(members: GroupMembers): readonly ResultNode[] {
  if (!Array.isArray(members)) throw new TypeError(`expected an array as members, got ${describe(members)}`);
  return members.map((member) => {
    if (typeof member === 'object') return expectNode(member, 'a member');
    expectId(member, 'a member');
    return new ResultNode(member);
  });
}

export function expectNode(value: ResultNode, what: string): ResultNode {
  if (isKind(value, 'node')) return value;
  throw new TypeError(`expected a task id or a ResultNode as ${what}, got ${describe(value)}`);
}

/** The ids of all tasks, those of groups inside included. */
export const leavesOf = (nodes: readonly ResultNode[]): string[] =>
  nodes.flatMap((node) => (node.members ? leavesOf(node.members) : [node.id]));
