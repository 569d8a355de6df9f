import { itemsOf } from './items.js';
import { markKind } from './values.js';

/**
 * A reference to a task, or to a group with its members: Celery's "result tuple" `[[id, parent], members|null]`.
 * Used for children, group members, parents, and values that are AsyncResult or GroupResult in Python.
 */
export class ResultNode {
  readonly id: string;
  readonly parent: ResultNode | null;
  /** null for a task; an array, maybe empty, for a group. */
  readonly members: readonly ResultNode[] | null;

  constructor(id: string, parent: ResultNode | null = null, members: readonly ResultNode[] | null = null) {
    this.id = id;
    this.parent = parent;
    this.members = members;
    Object.freeze(this);
  }

  /**
   * Reads Celery's tuple. A bare id instead of `[id, parent]` is tolerated, as Celery does.
   *
   * Errors: TypeError where the value has another shape.
   */
  static fromTuple(tuple: unknown, depth = 0): ResultNode {
    return nodeFrom(tuple, depth);
  }

  toTuple(): ResultTuple {
    return [[this.id, this.parent?.toTuple() ?? null], this.members?.map((member) => member.toTuple()) ?? null];
  }
}

function nodeFrom(tuple: unknown, depth: number): ResultNode {
  // Chains nest one parent per link; beyond this the document is hostile, not long.
  if (depth > MAX_DEPTH) throw new TypeError(`expected a result tuple at most ${MAX_DEPTH} deep`);
  const [head, members] = pairOf(tuple) ?? [];
  if (head === undefined) throw new TypeError('expected a result tuple [[id, parent], members]');
  const [id, parent] = pairOf(head) ?? [head, null];
  if (typeof id !== 'string') throw new TypeError('expected a string as the id of a result tuple');
  const nodes = itemsOf(members);
  if (members !== null && nodes === undefined) throw new TypeError('expected an array or null as members');
  return new ResultNode(
    id,
    parent === null ? null : nodeFrom(parent, depth + 1),
    nodes?.map((member) => nodeFrom(member, depth + 1)) ?? null,
  );
}

markKind(ResultNode.prototype, 'node');

export type ResultTuple = readonly [readonly [string, ResultTuple | null], readonly ResultTuple[] | null];

const MAX_DEPTH = 500;

const pairOf = (value: unknown): readonly unknown[] | undefined => {
  const items = itemsOf(value);
  return items?.length === 2 ? items : undefined;
};
