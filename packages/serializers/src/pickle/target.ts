import { GlobalNode, ObjectNode } from './nodes.js';

/** What an object is an instance of, or what a call calls. */
export interface Target {
  readonly callee: GlobalNode;
  /** Nodes, not values. */
  readonly args: readonly unknown[];
  readonly form: 'call' | 'new';
  readonly node: ObjectNode;
}

/**
 * Sees through Python's two ways to name something else: `copyreg._reconstructor(cls, object, None)`, which is how
 * protocols 0 and 1 make an object, and `getattr(cls, 'method')`. undefined where a call's result is called.
 */
export function targetOf(node: ObjectNode): Target | undefined {
  const { callee, form } = node;
  const args = node.args.items;
  if (callee instanceof ObjectNode) {
    const method = attributeOf(callee);
    return method && { callee: method, args, form, node };
  }
  const [cls, base] = args;
  if (callee.path === 'copyreg._reconstructor' && cls instanceof GlobalNode && isEmptyBase(base)) {
    return { callee: cls, args: [], form: 'new', node };
  }
  return { callee, args, form, node };
}

function attributeOf({ callee, args, offset }: ObjectNode): GlobalNode | undefined {
  const [owner, name] = args.items;
  if (!(callee instanceof GlobalNode) || callee.path !== 'builtins.getattr') return undefined;
  if (!(owner instanceof GlobalNode) || typeof name !== 'string') return undefined;
  return new GlobalNode(owner.module, `${owner.name}.${name}`, offset);
}

/** Bases that have no content of their own; one of list or dict has. */
const isEmptyBase = (base: unknown): boolean =>
  base instanceof GlobalNode && (base.path === 'builtins.object' || base.path === 'datetime.tzinfo');

/** A name as an error message may show it: a hostile one is cut, and control characters are left out. */
export const printable = (node: GlobalNode): string => node.path.slice(0, 120).replace(/[^\x20-\x7e]/g, '?');
