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
    // Chains nest one parent per link; beyond this the document is hostile, not long.
    if (depth > MAX_DEPTH) throw new TypeError(`expected a result tuple at most ${MAX_DEPTH} deep`);
    if (!isPair(tuple)) throw new TypeError('expected a result tuple [[id, parent], members]');
    const [head, members] = tuple;
    const [id, parent] = isPair(head) ? head : [head, null];
    if (typeof id !== 'string') throw new TypeError('expected a string as the id of a result tuple');
    if (members !== null && !Array.isArray(members)) throw new TypeError('expected an array or null as members');
    return new ResultNode(
      id,
      parent === null ? null : ResultNode.fromTuple(parent, depth + 1),
      members === null ? null : members.map((member) => ResultNode.fromTuple(member, depth + 1)),
    );
  }

  toTuple(): ResultTuple {
    return [[this.id, this.parent?.toTuple() ?? null], this.members?.map((member) => member.toTuple()) ?? null];
  }
}

markKind(ResultNode.prototype, 'node');

export type ResultTuple = readonly [readonly [string, ResultTuple | null], readonly ResultTuple[] | null];

const MAX_DEPTH = 500;

const isPair = (value: unknown): value is [unknown, unknown] => Array.isArray(value) && value.length === 2;
